/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/names.h"

#include "model/packet_header.h"

static void test_statuses_have_their_phrases(void)
{
    g_autofree char *known = ql_status_text(404), *unknown = ql_status_text(299);
    g_assert_cmpstr(known, ==, "404 (Not Found)");
    g_assert_cmpstr(unknown, ==, "299");
    g_assert_null(ql_status_phrase(0));
}

static void test_versions_have_names(void)
{
    g_autofree char *v1 = ql_version_text(QL_VERSION_1), *v2 = ql_version_text(QL_VERSION_2);
    g_autofree char *draft = ql_version_text(0xff00001d), *grease = ql_version_text(0x1a2a3a4a);
    g_assert_cmpstr(v1, ==, "QUIC v1");
    g_assert_cmpstr(v2, ==, "QUIC v2");
    g_assert_cmpstr(draft, ==, "QUIC draft-29");
    g_assert_cmpstr(grease, ==, "QUIC 0x1a2a3a4a");
}

static void test_an_open_connection_has_no_error(void)
{
    ql_connection_facts facts = { .number = 0 };
    g_assert_null(ql_close_text(&facts));
}

static void test_errors_are_of_their_space(void)
{
    ql_connection_facts facts = { .close = { .frame = 9, .error = 0xa } };
    g_autofree char *transport = ql_close_text(&facts);
    g_assert_cmpstr(transport, ==, "PROTOCOL_VIOLATION (0xa)");
    facts.close.application = true;
    facts.close.error = 0x10c;
    g_autofree char *application = ql_close_text(&facts);
    g_assert_cmpstr(application, ==, "H3_REQUEST_CANCELLED (0x10c)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/statuses have their phrases", test_statuses_have_their_phrases);
    g_test_add_func("/names/versions have names", test_versions_have_names);
    g_test_add_func("/names/an open connection has no error", test_an_open_connection_has_no_error);
    g_test_add_func("/names/errors are of their space", test_errors_are_of_their_space);
    return g_test_run();
}
