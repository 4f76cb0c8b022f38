/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure.h"

#include <glib.h>
#include <string.h>

bool ql_measure_take(const char *text, const ql_unit *units, double least, double most,
                     uint64_t *result)
{
    char *end;
    if (!g_ascii_isdigit(text[0])) /* strtod would also take signs, blanks, "inf" and "nan" */
        return false;
    double number = g_ascii_strtod(text, &end);
    for (const ql_unit *u = units; u->name != NULL; u++) {
        if (strcmp(end, u->name) != 0)
            continue;
        number *= u->factor;
        if (!(number >= least && number <= most))
            return false;
        *result = (uint64_t)(number + 0.5);
        return true;
    }
    return false;
}

bool ql_measure_duration(const char *text, uint64_t *nanoseconds)
{
    static const ql_unit units[] = { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { NULL, 0 } };
    return ql_measure_take(text, units, 0, 86400e9, nanoseconds);
}

bool ql_measure_bytes(const char *text, uint64_t *bytes)
{
    static const ql_unit units[] = { { "", 1 },    { "k", 1e3 }, { "K", 1e3 },
                                     { "M", 1e6 }, { "G", 1e9 }, { NULL, 0 } };
    return ql_measure_take(text, units, 0, 1e15, bytes);
}
