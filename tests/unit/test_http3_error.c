/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_error.h"

#include <glib.h>

static void test_error_names(void)
{
    g_assert_cmpstr(ql_http3_error_name(0x100), ==, "H3_NO_ERROR");
    g_assert_cmpstr(ql_http3_error_name(0x110), ==, "H3_VERSION_FALLBACK");
    g_assert_cmpstr(ql_http3_error_name(0x202), ==, "QPACK_DECODER_STREAM_ERROR");
    g_assert_null(ql_http3_error_name(0));
    for (uint64_t code = 0x100; code <= 0x110; code++)
        g_assert_nonnull(ql_http3_error_name(code));
    g_autofree char *known = ql_http3_error_text(0x10c);
    g_autofree char *unknown = ql_http3_error_text(0x1234);
    g_assert_cmpstr(known, ==, "H3_REQUEST_CANCELLED (0x10c)");
    g_assert_cmpstr(unknown, ==, "0x1234");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http3_error/error codes have names", test_error_names);
    return g_test_run();
}
