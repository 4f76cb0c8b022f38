/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "narration.h"

#include "facts_sample.h"

#include <string.h>

static char *tell(const char *lines, bool landmarks_only)
{
    g_autoptr(ql_facts) facts = ql_facts_parse(lines, strlen(lines), NULL);
    g_assert_nonnull(facts);
    g_autoptr(GPtrArray) story = ql_narration_of(facts);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < story->len; i++) {
        const ql_sentence *sentence = g_ptr_array_index(story, i);
        if (sentence->landmark || !landmarks_only)
            g_string_append_printf(text, "%u %s\n", sentence->frame, sentence->text);
    }
    return g_string_free(text, FALSE);
}

static void test_a_session_is_told_in_the_order_of_frames(void)
{
    g_autofree char *text = tell(FACTS_SESSION, false);
    g_assert_cmpstr(
        text, ==,
        "1 The handshake begins: 127.0.0.1:50000 opens a connection to 127.0.0.1:443, QUIC version "
        "1, for h3\n"
        "1 The client sends to connection ID aaaaaaaa\n"
        "2 The server answers, to connection ID eeeeeeee (number 0)\n"
        "4 The client now sends to connection ID bbbbbbbb (number 0), no longer to aaaaaaaa\n"
        "7 The server issues 2 connection IDs (numbers 1 to 2), which the client may use\n"
        "12 The client asks: GET /a on stream 0\n"
        "12 The client asks: POST /echo on stream 4, with 5 bytes of content\n"
        "14 The answer to GET /a on stream 0 begins after 12.3 ms: 200 (text/html)\n"
        "15 The answer to POST /echo on stream 4 comes after 10.0 ms: 200, 1 byte\n"
        "30 The connection moves to a new path: client 127.0.0.1:50001, server 127.0.0.1:443\n"
        "30 A proof is asked for that client 127.0.0.1:50001 and server 127.0.0.1:443 reach each "
        "other (PATH_CHALLENGE)\n"
        "30 The client now sends to connection ID cccccccc (number 1), no longer to bbbbbbbb "
        "(number 0)\n"
        "32 The path is validated after 10.1 ms (PATH_RESPONSE)\n"
        "33 The client gives the server's connection ID bbbbbbbb (number 0) back\n"
        "60 GET /a on stream 0 is complete after 1.50 s: 1,048,576 bytes\n"
        "90 The client closes the connection: H3_NO_ERROR\n");
}

static void test_landmarks_are_the_short_story(void)
{
    g_autofree char *text = tell(FACTS_SESSION, true);
    g_assert_cmpstr(
        text, ==,
        "1 The handshake begins: 127.0.0.1:50000 opens a connection to 127.0.0.1:443, QUIC version "
        "1, for h3\n"
        "2 The server answers, to connection ID eeeeeeee (number 0)\n"
        "12 The client asks: GET /a on stream 0\n"
        "14 The answer to GET /a on stream 0 begins after 12.3 ms: 200 (text/html)\n"
        "30 The connection moves to a new path: client 127.0.0.1:50001, server 127.0.0.1:443\n"
        "30 The client now sends to connection ID cccccccc (number 1), no longer to bbbbbbbb "
        "(number 0)\n"
        "32 The path is validated after 10.1 ms (PATH_RESPONSE)\n"
        "90 The client closes the connection: H3_NO_ERROR\n");
}

static void test_a_retry_is_told(void)
{
    g_autofree char *text = tell("{\"type\":\"cid\",\"connection\":0,\"issuer\":\"server\","
                                 "\"value\":\"aa\",\"origin\":\"retry\",\"issued_frame\":2}",
                                 false);
    g_assert_cmpstr(
        text, ==, "2 The server wants the client to begin again, with connection ID aa (Retry)\n");
}

static void test_findings_are_told_with_their_rule(void)
{
    g_autofree char *text = tell(FACTS_FINDING, false);
    g_assert_cmpstr(text, ==, "3 no secrets (RFC 9001, 5.1)\n");
}

static void test_text_from_the_network_is_escaped(void)
{
    g_autofree char *text =
        tell("{\"type\":\"exchange\",\"connection\":0,\"stream\":0,"
             "\"method\":\"GET\",\"path\":\"/\\u001b[31m\",\"request_frame\":1}",
             false);
    g_assert_cmpstr(text, ==, "1 The client asks: GET /\\x1b[31m on stream 0\n");
}

static void test_what_was_not_seen_is_said_to_be_so(void)
{
    g_autofree char *text = tell("{\"type\":\"exchange\",\"connection\":0,\"stream\":8,"
                                 "\"status\":404,\"response_frame\":5}"
                                 "\n{\"type\":\"connection\",\"connection\":0,\"first_frame\":5}",
                                 false);
    g_assert_cmpstr(text, ==,
                    "5 The handshake begins: (not seen) opens a connection to (not seen), QUIC "
                    "version (not seen)\n"
                    "5 The answer to the request (not seen) on stream 8 begins: 404\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/narration/order", test_a_session_is_told_in_the_order_of_frames);
    g_test_add_func("/narration/landmarks", test_landmarks_are_the_short_story);
    g_test_add_func("/narration/retry", test_a_retry_is_told);
    g_test_add_func("/narration/findings", test_findings_are_told_with_their_rule);
    g_test_add_func("/narration/escaped", test_text_from_the_network_is_escaped);
    g_test_add_func("/narration/not-seen", test_what_was_not_seen_is_said_to_be_so);
    return g_test_run();
}
