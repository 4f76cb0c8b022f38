/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers with units, as people type them. Each function returns false, and leaves its result
 * alone, if the text is not wholly such a value. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct ql_unit {
    const char *name; /* what follows the number; "": nothing */
    double factor;
} ql_unit;

/* A decimal number without sign, then one of the units, which end with a NULL name; the product has
 * to lie between least and most. */
bool ql_measure_take(const char *text, const ql_unit *units, double least, double most,
                     uint64_t *result);

/* "15ms", "1.5s", "200us", as nanoseconds; at most a day. */
bool ql_measure_duration(const char *text, uint64_t *nanoseconds);

/* "1500", "200k", "3M", "1G": powers of 1,000; at most 10^15. */
bool ql_measure_bytes(const char *text, uint64_t *bytes);
