/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/transport_error.h"

#include <glib.h>

static void test_names(void)
{
    g_assert_cmpstr(ql_transport_error_name(0x00), ==, "NO_ERROR");
    g_assert_cmpstr(ql_transport_error_name(0x03), ==, "FLOW_CONTROL_ERROR");
    g_assert_cmpstr(ql_transport_error_name(0x0a), ==, "PROTOCOL_VIOLATION");
    g_assert_cmpstr(ql_transport_error_name(0x10), ==, "NO_VIABLE_PATH");
    g_assert_cmpstr(ql_transport_error_name(0x11), ==, "VERSION_NEGOTIATION_ERROR");
}

static void test_alerts(void)
{
    g_assert_cmpstr(ql_transport_error_name(0x0100), ==, "TLS alert close_notify");
    g_assert_cmpstr(ql_transport_error_name(0x012a), ==, "TLS alert bad_certificate");
    g_assert_cmpstr(ql_transport_error_name(0x0130), ==, "TLS alert unknown_ca");
    g_assert_cmpstr(ql_transport_error_name(0x0178), ==, "TLS alert no_application_protocol");
    g_assert_cmpstr(ql_transport_error_name(0x0101), ==, "TLS alert");
    g_assert_cmpstr(ql_transport_error_name(0x01ff), ==, "TLS alert");
}

static void test_unknown(void)
{
    g_assert_cmpstr(ql_transport_error_name(0x12), ==, "unknown error");
    g_assert_cmpstr(ql_transport_error_name(0xff), ==, "unknown error");
    g_assert_cmpstr(ql_transport_error_name(0x0200), ==, "unknown error");
    g_assert_cmpstr(ql_transport_error_name(UINT64_MAX), ==, "unknown error");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transport_error/codes of QUIC have the names of the RFC", test_names);
    g_test_add_func("/transport_error/TLS alerts are named as such", test_alerts);
    g_test_add_func("/transport_error/other codes are unknown", test_unknown);
    return g_test_run();
}
