/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_alpn.h"

#include "assert_bytes.h"

#include <glib.h>
#include <string.h>

static void assert_wire(const char *list, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) wire = ql_origin_alpn_parse(list, &error);
    gsize length;
    g_assert_no_error(error);
    const void *bytes = g_bytes_get_data(wire, &length);
    assert_bytes(bytes, length, expected, strlen(expected));
}

static void test_lists_keep_their_order(void)
{
    assert_wire("h3", "\x02h3");
    assert_wire("hq-interop,h3", "\x0ahq-interop\x02h3");
}

static void test_what_is_not_spoken_is_named(void)
{
    static const char *const bad[] = { "", "h3,", "h3-29", "h2", "h3 ", "hq" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ql_origin_alpn_parse(bad[i], &error));
        g_assert_nonnull(strstr(error->message, "of --alpn"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-alpn/list", test_lists_keep_their_order);
    g_test_add_func("/origin-alpn/unknown", test_what_is_not_spoken_is_named);
    return g_test_run();
}
