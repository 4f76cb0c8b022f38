/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing bytes in tests. GLib's own g_assert_cmpmem does not compile cleanly under -Wconversion.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <string.h>

static inline void assert_bytes(const void *found, size_t found_length, const void *expected,
                                size_t expected_length)
{
    g_assert_cmpuint(found_length, ==, expected_length);
    g_assert_true(expected_length == 0 || memcmp(found, expected, expected_length) == 0);
}
