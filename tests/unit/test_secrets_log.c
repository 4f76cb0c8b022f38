/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/secrets_log.h"

#include <string.h>

#include "assert_bytes.h"
#include "hex.h"

#define RANDOM_A  "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define RANDOM_B  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SECRET_48 SECRET_32 "202122232425262728292a2b2c2d2e2f"
#define OTHER_32  "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static unsigned add(ql_secrets_log *log, const char *text)
{
    /* A copy of its exact length shows a read beyond the end. */
    size_t length = strlen(text);
    g_autofree uint8_t *copy = g_memdup2(text, length);

    return ql_secrets_log_add(log, (ql_slice){ copy, length });
}

static const ql_session_secrets *find(const ql_secrets_log *log, const char *random)
{
    g_autoptr(GBytes) bytes = hex(random);

    return ql_secrets_log_find(log, slice_of(bytes).data);
}

static void assert_secret(const ql_session_secrets *session, ql_secret_label label,
                          const char *expected)
{
    g_autoptr(GBytes) bytes = hex(expected);

    g_assert_nonnull(session);
    assert_bytes(session->secrets[label].bytes, session->secrets[label].length,
                 slice_of(bytes).data, slice_of(bytes).length);
}

static void test_labels(void)
{
    for (unsigned label = 0; label < QL_SECRET_LABEL_COUNT; label++) {
        for (unsigned obsolete = 0; obsolete < 2; obsolete++) {
            ql_secrets_log *log = ql_secrets_log_new();
            g_autofree char *line =
                g_strdup_printf("%s%s " RANDOM_A " " SECRET_48 "\n", obsolete ? "QUIC_" : "",
                                ql_secret_label_name((ql_secret_label)label));

            g_assert_cmpuint(add(log, line), ==, 1);
            for (unsigned other = 0; other < QL_SECRET_LABEL_COUNT; other++)
                assert_secret(find(log, RANDOM_A), (ql_secret_label)other,
                              other == label ? SECRET_48 : "");
            ql_secrets_log_free(log);
        }
    }
    g_assert_cmpstr(ql_secret_label_name(QL_SECRET_CLIENT_EARLY), ==,
                    "CLIENT_EARLY_TRAFFIC_SECRET");
    g_assert_cmpstr(ql_secret_label_name(QL_SECRET_SERVER_TRAFFIC), ==, "SERVER_TRAFFIC_SECRET_0");
}

static void test_sessions(void)
{
    ql_secrets_log *log = ql_secrets_log_new();

    g_assert_cmpuint(ql_secrets_log_generation(log), ==, 0);
    g_assert_cmpuint(add(log, "# made by hand\n\n"
                              "CLIENT_TRAFFIC_SECRET_0 " RANDOM_B " " SECRET_32 "\n"
                              "SERVER_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_48 "\n"
                              "SERVER_TRAFFIC_SECRET_0 " RANDOM_B " " SECRET_32 "\n"),
                     ==, 3);
    g_assert_cmpuint(ql_secrets_log_count(log), ==, 2);
    g_assert_true(ql_secrets_log_at(log, 0) == find(log, RANDOM_B));
    g_assert_true(ql_secrets_log_at(log, 1) == find(log, RANDOM_A));
    assert_secret(find(log, RANDOM_B), QL_SECRET_CLIENT_TRAFFIC, SECRET_32);
    assert_secret(find(log, RANDOM_A), QL_SECRET_SERVER_TRAFFIC, SECRET_48);
    g_assert_null(find(log, SECRET_32));
    g_assert_cmpuint(ql_secrets_log_generation(log), ==, 3);
    g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 0);
    ql_secrets_log_free(log);
}

static void test_spellings(void)
{
    static const char *const lines[] = {
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "\r\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32,
        "  CLIENT_TRAFFIC_SECRET_0\t" RANDOM_A "   " SECRET_32 " \n",
    };
    g_autofree char *upper_random = g_ascii_strup(RANDOM_A, -1);
    g_autofree char *upper_secret = g_ascii_strup(SECRET_32, -1);
    g_autofree char *upper =
        g_strdup_printf("CLIENT_TRAFFIC_SECRET_0 %s %s\n", upper_random, upper_secret);

    for (size_t i = 0; i <= G_N_ELEMENTS(lines); i++) {
        ql_secrets_log *log = ql_secrets_log_new();
        g_assert_cmpuint(add(log, i < G_N_ELEMENTS(lines) ? lines[i] : upper), ==, 1);
        assert_secret(find(log, RANDOM_A), QL_SECRET_CLIENT_TRAFFIC, SECRET_32);
        ql_secrets_log_free(log);
    }
}

static void test_passed_over(void)
{
    ql_secrets_log *log = ql_secrets_log_new();

    g_assert_cmpuint(add(log, "CLIENT_RANDOM " RANDOM_A " " SECRET_48 "\n"
                              "EXPORTER_SECRET " RANDOM_A " " SECRET_48 "\n"
                              "CLIENT_TRAFFIC_SECRET_1 " RANDOM_A " " SECRET_48 "\n"
                              "CLIENT_TRAFFIC_SECRET " RANDOM_A " " SECRET_48 "\n"
                              "#CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_48 "\n"
                              "QUIC_ " RANDOM_A "\n"
                              "\r\n \n\n"),
                     ==, 0);
    g_assert_cmpuint(ql_secrets_log_add(log, (ql_slice){ NULL, 0 }), ==, 0);
    g_assert_cmpuint(ql_secrets_log_count(log), ==, 0);
    g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 0);
    ql_secrets_log_free(log);
}

static void test_bad_lines(void)
{
    static const char *const lines[] = {
        "CLIENT_TRAFFIC_SECRET_0\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A "\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " 00\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A "00 " SECRET_32 "\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "0\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "00\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_48 "00\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 " 00\n",
        "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " zz" SECRET_32 "\n",
        "CLIENT_TRAFFIC_SECRET_0 g0" RANDOM_A " " SECRET_32 "\n",
    };
    ql_secrets_log *log = ql_secrets_log_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_cmpuint(add(log, lines[i]), ==, 0);
        g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, i + 1);
    }
    g_assert_cmpuint(ql_secrets_log_count(log), ==, 0);
    g_assert_cmpuint(ql_secrets_log_generation(log), ==, 0);
    ql_secrets_log_free(log);
}

static void test_repeats(void)
{
    static const char line[] = "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " SECRET_32 "\n";
    ql_secrets_log *log = ql_secrets_log_new();

    g_assert_cmpuint(add(log, line), ==, 1);
    g_assert_cmpuint(add(log, line), ==, 0);
    g_assert_cmpuint(ql_secrets_log_generation(log), ==, 1);
    g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 0);

    g_assert_cmpuint(add(log, "CLIENT_TRAFFIC_SECRET_0 " RANDOM_A " " OTHER_32 "\n"), ==, 0);
    g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 1);
    assert_secret(find(log, RANDOM_A), QL_SECRET_CLIENT_TRAFFIC, SECRET_32);
    ql_secrets_log_free(log);
}

/* A log that is read while it is written: cut anywhere, then whole. */
static void test_unfinished_line(void)
{
    static const char line[] = "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM_A " " SECRET_48 "\n";

    for (size_t length = 0; length < sizeof line - 1; length++) {
        ql_secrets_log *log = ql_secrets_log_new();
        g_autofree char *part = g_strndup(line, length);

        add(log, part);
        g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 0);
        add(log, line);
        g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 0);
        assert_secret(find(log, RANDOM_A), QL_SECRET_SERVER_HANDSHAKE, SECRET_48);
        ql_secrets_log_free(log);
    }
}

static void test_cap(void)
{
    ql_secrets_log *log = ql_secrets_log_new();
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < QL_SECRETS_SESSIONS_MAX + 2; i++)
        g_string_append_printf(text, "CLIENT_TRAFFIC_SECRET_0 %064x " SECRET_32 "\n", i);
    g_assert_cmpuint(ql_secrets_log_add(log, (ql_slice){ (uint8_t *)text->str, text->len }), ==,
                     QL_SECRETS_SESSIONS_MAX);
    g_assert_cmpuint(ql_secrets_log_count(log), ==, QL_SECRETS_SESSIONS_MAX);
    g_assert_cmpuint(ql_secrets_log_bad_lines(log), ==, 2);

    /* Sessions that are known still learn. */
    g_autofree char *more = g_strdup_printf("SERVER_TRAFFIC_SECRET_0 %064x " SECRET_32 "\n", 5u);
    g_assert_cmpuint(add(log, more), ==, 1);
    ql_secrets_log_free(log);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secrets log/each label is known, with QUIC_ before it too", test_labels);
    g_test_add_func("/secrets log/sessions are found by client random", test_sessions);
    g_test_add_func("/secrets log/line ends, blanks and case of hex do not matter", test_spellings);
    g_test_add_func("/secrets log/comments and other labels are passed over", test_passed_over);
    g_test_add_func("/secrets log/lines that break the format are counted", test_bad_lines);
    g_test_add_func("/secrets log/repeats are not new, and contradictions do not count",
                    test_repeats);
    g_test_add_func("/secrets log/an unfinished line may be handed in again", test_unfinished_line);
    g_test_add_func("/secrets log/sessions have a cap", test_cap);
    return g_test_run();
}
