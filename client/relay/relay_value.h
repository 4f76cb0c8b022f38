/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of a relay's scenario, from text. Each returns false, and leaves its result alone, if the
 * text is not wholly such a value. */
#pragma once

#include "relay_scenario.h"

/* "15ms", "1.5s", "200us"; at most a day. */
bool ql_relay_value_duration(const char *text, uint64_t *nanoseconds);

/* "10Mbit", "10Mbps", "10Mbit/s", with k, M, G or nothing before "bit"; at least 1 kbit/s and at
 * most 1 Tbit/s. */
bool ql_relay_value_bandwidth(const char *text, uint64_t *bits_a_second);

/* "2", "0.5%": 0 to 100. */
bool ql_relay_value_percent(const char *text, double *percent);

bool ql_relay_value_number(const char *text, uint64_t *number);

/* "7", "2-7", "12-" (and all that follow): from 1. */
bool ql_relay_value_range(const char *text, ql_relay_range *range);

/* "127.0.0.2", "::1": an address without port. */
bool ql_relay_value_address(const char *text, ql_address *address);
