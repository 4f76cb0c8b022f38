/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of everything that waits: connections, requests, the bad network. */
#pragma once

#include <stdint.h>

/* Nanoseconds of a clock that never goes back (CLOCK_MONOTONIC), also while the time is set. */
uint64_t ql_clock_now(void);
