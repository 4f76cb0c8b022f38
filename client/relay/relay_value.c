/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_value.h"

#include "measure.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool ql_relay_value_duration(const char *text, uint64_t *nanoseconds)
{
    return ql_measure_duration(text, nanoseconds);
}

bool ql_relay_value_bandwidth(const char *text, uint64_t *bits_a_second)
{
    static const ql_unit units[] = {
        { "bit", 1 },    { "bps", 1 },      { "bit/s", 1 },    { "kbit", 1e3 }, { "kbps", 1e3 },
        { "Kbps", 1e3 }, { "kbit/s", 1e3 }, { "Mbit", 1e6 },   { "Mbps", 1e6 }, { "Mbit/s", 1e6 },
        { "Gbit", 1e9 }, { "Gbps", 1e9 },   { "Gbit/s", 1e9 }, { NULL, 0 },
    };
    return ql_measure_take(text, units, 1e3, 1e12, bits_a_second);
}

bool ql_relay_value_percent(const char *text, double *percent)
{
    char *end;
    if (!g_ascii_isdigit(text[0]))
        return false;
    double number = g_ascii_strtod(text, &end);
    if ((*end != '\0' && strcmp(end, "%") != 0) || !(number >= 0 && number <= 100))
        return false;
    *percent = number;
    return true;
}

bool ql_relay_value_number(const char *text, uint64_t *number)
{
    guint64 found;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &found, NULL))
        return false;
    *number = found;
    return true;
}

bool ql_relay_value_range(const char *text, ql_relay_range *range)
{
    const char *dash = strchr(text, '-');
    ql_relay_range found = { .last = UINT64_MAX };
    if (dash == NULL) {
        if (!ql_relay_value_number(text, &found.first))
            return false;
        found.last = found.first;
    } else {
        g_autofree char *first = g_strndup(text, (gsize)(dash - text));
        if (!ql_relay_value_number(first, &found.first) ||
            (dash[1] != '\0' && !ql_relay_value_number(dash + 1, &found.last)))
            return false;
    }
    if (found.first == 0 || found.last < found.first)
        return false;
    *range = found;
    return true;
}

bool ql_relay_value_address(const char *text, ql_address *address)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        *address = ql_address_from((const struct sockaddr *)&v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        *address = ql_address_from((const struct sockaddr *)&v6, sizeof v6);
    else
        return false;
    return true;
}
