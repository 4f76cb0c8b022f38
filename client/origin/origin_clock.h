/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of the origin's connections. */
#pragma once

#include <stdint.h>

/* Nanoseconds of a clock that never goes back. */
uint64_t ql_origin_now(void);
