/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_fixture.h"
#include "resumption.h"

typedef struct stage {
    client_fixture client;
    ql_session_file *file;
} stage;

static void set_up_with(stage *s, bool reject)
{
    client_fixture_start(&s->client, &(ql_origin_tls_settings){ .reject_early_data = reject });
    s->file = ql_session_file_parse("sessions", "", 0, NULL);
    s->client.settings.resumption = (ql_resumption_settings){ .file = s->file };
}

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, false);
}

static void set_up_rejecting(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, true);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    client_fixture_stop(&s->client);
    ql_session_file_free(s->file);
}

/* GETs of the pattern, and a POST if content is given; returns what the client said. */
static char *ask(stage *s, unsigned gets, const char *content)
{
    ql_transfer *transfer = ql_transfer_new(&s->client.settings);
    if (content != NULL)
        ql_transfer_add(transfer, client_fixture_request(&s->client, "POST", "/echo", content));
    for (unsigned i = 0; i < gets; i++)
        ql_transfer_add(transfer,
                        client_fixture_request(&s->client, NULL, QL_ORIGIN_PATTERN_PATH, NULL));
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 0);
    const GPtrArray *requests = ql_transfer_requests(transfer);
    for (guint i = content == NULL ? 0 : 1; i < requests->len; i++)
        g_assert_cmpuint(ql_request_received(g_ptr_array_index(requests, i)), ==,
                         QL_ORIGIN_PATTERN_BYTES);
    ql_transfer_free(transfer);
    g_assert_cmpstr(s->client.reports->str, ==, "");
    return client_fixture_trace(&s->client);
}

static ql_session_entry *entry_of(stage *s)
{
    g_autofree char *origin = g_strdup_printf("localhost:%u", s->client.origin.port);
    return ql_session_file_entry(s->file, origin);
}

static void test_what_a_connection_leaves_is_kept(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *said = ask(s, 1, NULL);
    g_assert_nonnull(strstr(said, "the server sent a ticket"));
    const ql_session_entry *entry = entry_of(s);
    g_assert_cmpstr(entry->alpn, ==, "h3");
    g_assert_cmphex(entry->version, ==, NGTCP2_PROTO_VER_V1);
    g_assert_true(entry->ticket != NULL && entry->parameters != NULL);
    g_assert_false(entry->verified); /* the certificate was accepted, as any would have been */
}

static void test_the_next_connection_resumes(stage *s, gconstpointer unused)
{
    (void)unused;
    g_free(ask(s, 1, NULL));
    g_autofree char *said = ask(s, 1, NULL);
    g_assert_nonnull(strstr(said, "resuming an earlier session"));
    g_assert_nonnull(strstr(said, "ALPN h3, resumed"));
    g_assert_null(strstr(said, "early data ("));
}

static void test_early_data_is_accepted(stage *s, gconstpointer unused)
{
    (void)unused;
    s->client.settings.resumption.early_data = true;
    g_free(ask(s, 1, NULL));
    g_autofree char *said = ask(s, 3, NULL);
    g_assert_nonnull(strstr(said, "sending early data (0-RTT)"));
    g_assert_nonnull(strstr(said, "the server accepted the early data"));
}

static void test_rejected_early_data_is_sent_again(stage *s, gconstpointer unused)
{
    (void)unused;
    s->client.settings.resumption.early_data = true;
    g_free(ask(s, 1, NULL));
    g_autofree char *said = ask(s, 3, NULL);
    g_assert_nonnull(strstr(said, "the server rejected the early data"));
    g_assert_null(strstr(said, "accepted the early data"));
}

static void test_content_is_held_back(stage *s, gconstpointer unused)
{
    (void)unused;
    s->client.settings.resumption.early_data = true;
    g_free(ask(s, 1, NULL));
    g_autofree char *said = ask(s, 1, "content");
    const char *done = strstr(said, "handshake completed"), *get = strstr(said, "> GET"),
               *post = strstr(said, "> POST");
    g_assert_true(get != NULL && done != NULL && post != NULL);
    g_assert_true(get < done && done < post);
}

static void test_what_was_not_verified_is_not_trusted(stage *s, gconstpointer unused)
{
    (void)unused;
    g_free(ask(s, 1, NULL));
    SSL_CTX *strict = ql_tls_client_context_new(&(ql_tls_client_options){ 0 }, NULL);
    s->client.settings.tls = strict;
    ql_transfer *transfer = ql_transfer_new(&s->client.settings);
    ql_transfer_add(transfer, client_fixture_request(&s->client, NULL, "/", NULL));
    g_assert_cmpuint(ql_transfer_run(transfer), ==, 1);
    g_assert_nonnull(strstr(s->client.reports->str, "was rejected"));
    ql_transfer_free(transfer);
    SSL_CTX_free(strict);
}

static void test_a_ticket_of_another_version_is_not_used(stage *s, gconstpointer unused)
{
    (void)unused;
    g_free(ask(s, 1, NULL));
    entry_of(s)->version = NGTCP2_PROTO_VER_V2;
    g_autofree char *said = ask(s, 1, NULL);
    g_assert_null(strstr(said, "resum"));
}

static void test_a_ticket_that_is_none_does_no_harm(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_session_entry *entry = entry_of(s);
    entry->ticket = g_bytes_new("noise", 5);
    entry->token = g_bytes_new("noise", 5);
    entry->parameters = g_bytes_new("noise", 5);
    entry->alpn = g_strdup("h3");
    entry->version = NGTCP2_PROTO_VER_V1;
    s->client.settings.resumption.early_data = true;
    g_autofree char *said = ask(s, 1, NULL);
    g_assert_null(strstr(said, "resuming"));
}

static void test_a_token_is_used_once(stage *s, gconstpointer unused)
{
    (void)unused;
    const ql_resumption_settings settings = { .file = s->file };
    ql_resumption *resumption = ql_resumption_new(&settings, "example.org:1", NULL);
    g_assert_null(ql_resumption_take_token(resumption));
    ql_resumption_on_token(resumption, (const uint8_t *)"token", 5);
    g_assert_cmpuint(g_bytes_get_size(ql_resumption_take_token(resumption)), ==, 5);
    g_assert_null(ql_resumption_take_token(resumption));
    g_assert_true(ql_resumption_is_waiting(resumption));
    ql_resumption_free(resumption);
    g_assert_null(ql_resumption_new(&(ql_resumption_settings){ 0 }, "example.org:1", NULL));
    g_assert_null(ql_resumption_take_token(NULL));
    g_assert_false(ql_resumption_is_waiting(NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function, begin)                                                                \
    g_test_add("/resumption/" name, stage, NULL, begin, function, tear_down)
    TEST("kept", test_what_a_connection_leaves_is_kept, set_up);
    TEST("resumed", test_the_next_connection_resumes, set_up);
    TEST("accepted", test_early_data_is_accepted, set_up);
    TEST("rejected", test_rejected_early_data_is_sent_again, set_up_rejecting);
    TEST("content", test_content_is_held_back, set_up);
    TEST("unverified", test_what_was_not_verified_is_not_trusted, set_up);
    TEST("version", test_a_ticket_of_another_version_is_not_used, set_up);
    TEST("noise", test_a_ticket_that_is_none_does_no_harm, set_up);
    TEST("token", test_a_token_is_used_once, set_up);
    return g_test_run();
}
