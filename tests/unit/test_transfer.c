/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_fixture.h"
#include "tls.h"
#include "transfer.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <signal.h>
#include <string.h>

/* A transfer of requests to an origin of the test. */
typedef struct stage {
    origin_fixture origin;
    char *folder, *ca_file;
    SSL_CTX *tls;
    ql_resolver *resolver;
    GString *reports; /* the sentences, each with a line feed */
    ql_transfer_settings settings;
    ql_transfer *transfer;
} stage;

static void note_report(const char *sentence, void *user)
{
    g_string_append_printf(user, "%s\n", sentence);
}

static void write_pem(const char *path, X509 *certificate)
{
    FILE *file = fopen(path, "w");
    g_assert_nonnull(file);
    g_assert_cmpint(PEM_write_X509(file, certificate), ==, 1);
    g_assert_cmpint(fclose(file), ==, 0);
}

static void set_up_with(stage *s, const char *name, long from, long to)
{
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_new(key, name, from, to);
    s->folder = g_dir_make_tmp("transfer-XXXXXX", NULL);
    s->ca_file = g_build_filename(s->folder, "ca.pem", NULL);
    write_pem(s->ca_file, certificate);
    origin_fixture_start(&s->origin, certificate, key);
    s->tls = ql_tls_client_context_new(&(ql_tls_client_options){ .ca_file = s->ca_file }, &error);
    g_assert_no_error(error);
    s->resolver = ql_resolver_new(AF_INET, NULL, NULL);
    s->reports = g_string_new(NULL);
    s->settings = (ql_transfer_settings){ .tls = s->tls,
                                          .resolver = s->resolver,
                                          .connect_timeout = 10 * NGTCP2_SECONDS,
                                          .idle_timeout = 10 * NGTCP2_SECONDS,
                                          .max_time = 20 * NGTCP2_SECONDS,
                                          .stop_fd = -1,
                                          .report = note_report,
                                          .report_user = s->reports };
}

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, "localhost", -DAY, DAY);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_transfer_free(s->transfer);
    SSL_CTX_free(s->tls);
    ql_resolver_free(s->resolver);
    origin_fixture_stop(&s->origin);
    g_string_free(s->reports, TRUE);
    g_remove(s->ca_file);
    g_assert_cmpint(g_rmdir(s->folder), ==, 0);
    g_free(s->ca_file);
    g_free(s->folder);
}

static ql_request *add_to(stage *s, const char *path, ql_body *body, ql_output *output)
{
    g_autofree char *url = g_strdup_printf("https://localhost:%u%s", s->origin.port, path);
    ql_request_settings settings = { .method = body == NULL ? "GET" : "POST", .digest = true };
    if (s->transfer == NULL)
        s->transfer = ql_transfer_new(&s->settings);
    ql_request *request = ql_request_new(ql_url_new(url, NULL), &settings, body, output, NULL);
    ql_transfer_add(s->transfer, request);
    return request;
}

static ql_request *add(stage *s, const char *path, ql_body *body)
{
    return add_to(s, path, body, ql_output_new_nowhere());
}

static char *pattern_sha256(void)
{
    g_autofree uint8_t *data = g_malloc(QL_ORIGIN_PATTERN_BYTES);
    for (size_t i = 0; i < QL_ORIGIN_PATTERN_BYTES; i++)
        data[i] = (uint8_t)((i * 7 + i / 256) % 256);
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, QL_ORIGIN_PATTERN_BYTES);
}

static void assert_pattern(const ql_request *request)
{
    g_autofree char *expected = pattern_sha256();
    g_autofree char *got = ql_request_sha256(request);
    g_assert_cmpint(ql_request_status(request), ==, 200);
    g_assert_cmpuint(ql_request_received(request), ==, QL_ORIGIN_PATTERN_BYTES);
    g_assert_cmpstr(got, ==, expected);
}

static void assert_failed_with(stage *s, const char *words)
{
    g_assert_cmpuint(ql_transfer_run(s->transfer), >, 0);
    if (strstr(s->reports->str, words) == NULL)
        g_error("\"%s\" is missing in: %s", words, s->reports->str);
}

static void test_many_responses_come_whole_at_once(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_request *requests[150]; /* more than a connection carries at one time */
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
        requests[i] = add(s, i % 30 == 0 ? QL_ORIGIN_PATTERN_PATH : "/data.json", NULL);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 0);
    g_assert_cmpstr(s->reports->str, ==, "");
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_assert_cmpint(ql_request_get_stream(requests[i]), ==, 4 * (int64_t)i);
        if (i % 30 == 0)
            assert_pattern(requests[i]);
        else
            g_assert_cmpint(ql_request_status(requests[i]), ==, 200);
    }
}

static void test_content_is_sent_whole(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *text = g_strnfill(300000, 'u');
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, 300000);
    g_autofree char *path = g_build_filename(s->folder, "answer", NULL);
    g_autofree char *answer = NULL;
    ql_body *body = ql_body_new();
    ql_body_add_text(body, text, 300000);
    ql_request *request = add_to(s, "/echo", body, ql_output_new_file(path));
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 0);
    g_assert_cmpuint(ql_request_uploaded(request), ==, 300000);
    g_assert_true(g_file_get_contents(path, &answer, NULL, NULL));
    g_assert_nonnull(strstr(answer, "300000"));
    g_assert_nonnull(strstr(answer, digest));
    g_remove(path);
}

static char *trace_of(stage *s)
{
    g_autofree char *path = g_build_filename(s->folder, "trace", NULL);
    char *text = NULL;
    FILE *file = fopen(path, "w");
    ql_trace *trace = ql_trace_new(fileno(file));
    s->settings.trace = trace;
    ql_request *request = add(s, QL_ORIGIN_PATTERN_PATH, NULL);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 0);
    assert_pattern(request);
    ql_trace_free(trace);
    fclose(file);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_remove(path);
    return text;
}

static void test_a_move_in_mid_transfer_loses_nothing(stage *s, gconstpointer unused)
{
    (void)unused;
    s->settings.paths.move.bytes = 200000;
    g_autofree char *trace = trace_of(s);
    g_assert_cmpstr(s->reports->str, ==, "");
    g_assert_nonnull(strstr(trace, "* moving to 127.0.0.1:"));
    g_assert_nonnull(strstr(trace, "* moved to 127.0.0.1:"));
    g_assert_nonnull(strstr(trace, "(sequence 0)"));
    g_assert_true(strstr(trace, "* moved to") < strstr(trace, "* connection to"));
}

static void test_a_move_that_comes_too_late_is_told(stage *s, gconstpointer unused)
{
    (void)unused;
    s->settings.paths.move.duration = 3600 * NGTCP2_SECONDS;
    add(s, "/", NULL);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 0);
    g_assert_nonnull(strstr(s->reports->str, "did not move"));
}

static void test_a_trace_tells_the_session(stage *s, gconstpointer unused)
{
    (void)unused;
    static const char *const lines[] = { "* connecting to localhost:",
                                         "* our connection ID is 0x",
                                         "* handshake completed",
                                         "* TLS 1.3: TLS_",
                                         "ALPN h3",
                                         "* certificate: subject CN = localhost, for localhost",
                                         "* certificate: verified",
                                         "> GET /1m.bin HTTP/3\n",
                                         "> user-agent: quiclens/",
                                         "< HTTP/3 200\n",
                                         "< content-length: 1048576\n" };
    g_autofree char *trace = trace_of(s);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        if (strstr(trace, lines[i]) == NULL)
            g_error("\"%s\" is missing in: %s", lines[i], trace);
}

static void test_an_expired_certificate_is_rejected(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, "localhost", -2 * DAY, -DAY);
    add(s, "/", NULL);
    assert_failed_with(s, "certificate of localhost:");
    assert_failed_with(s, "it expired on 20");
}

static void test_a_certificate_of_the_future_is_rejected(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, "localhost", DAY, 2 * DAY);
    add(s, "/", NULL);
    assert_failed_with(s, "it is not valid before 20");
}

static void test_a_certificate_for_another_name_is_rejected(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, "other.example", -DAY, DAY);
    add(s, "/", NULL);
    assert_failed_with(s, "it is for other.example, not for localhost");
}

static void test_a_self_signed_certificate_is_rejected(stage *s, gconstpointer unused)
{
    (void)unused;
    SSL_CTX *trusting_others = ql_tls_client_context_new(&(ql_tls_client_options){ 0 }, NULL);
    s->settings.tls = trusting_others;
    add(s, "/", NULL);
    assert_failed_with(s, "it is self-signed");
    SSL_CTX_free(trusting_others);
}

static void test_any_certificate_is_accepted_where_that_is_asked(stage *s, gconstpointer unused)
{
    (void)unused;
    set_up_with(s, "other.example", -2 * DAY, -DAY);
    SSL_CTX *insecure =
        ql_tls_client_context_new(&(ql_tls_client_options){ .insecure = true }, NULL);
    s->settings.tls = insecure;
    g_autofree char *trace = trace_of(s);
    g_assert_nonnull(strstr(trace, "NOT verified, it is self-signed"));
    SSL_CTX_free(insecure);
}

static void test_a_closed_port_is_refused(stage *s, gconstpointer unused)
{
    (void)unused;
    uint16_t port = s->origin.port;
    s->origin.port = 1; /* nobody has UDP port 1 */
    add(s, "/a", NULL);
    add(s, "/b", NULL);
    s->origin.port = port;
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 2);
    g_assert_nonnull(strstr(s->reports->str, "no program listens on UDP 127.0.0.1:1"));
    g_assert_null(strstr(strstr(s->reports->str, "no program") + 1, "no program"));
}

static void test_the_next_address_is_tried(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *entry = g_strdup_printf("localhost:%u:127.0.0.99,127.0.0.1", s->origin.port);
    char *entries[] = { entry, NULL };
    ql_resolver *resolver = ql_resolver_new(AF_UNSPEC, entries, NULL);
    s->settings.resolver = resolver;
    ql_request *request = add(s, QL_ORIGIN_PATTERN_PATH, NULL);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 0);
    g_assert_cmpstr(s->reports->str, ==, "");
    assert_pattern(request);
    ql_resolver_free(resolver);
}

/* The first address takes all packets and says nothing; there would be minutes left for it. */
static void test_silence_does_not_keep_the_next_address_waiting(stage *s, gconstpointer unused)
{
    (void)unused;
    struct sockaddr_in other = { .sin_family = AF_INET,
                                 .sin_port = htons(s->origin.port),
                                 .sin_addr = { htonl(INADDR_LOOPBACK + 98) } };
    ql_address address = ql_address_from((const struct sockaddr *)&other, sizeof other);
    ql_udp *mute = ql_udp_listen(&address, NULL);
    g_autofree char *entry = g_strdup_printf("localhost:%u:127.0.0.99,127.0.0.1", s->origin.port);
    char *entries[] = { entry, NULL };
    ql_resolver *resolver = ql_resolver_new(AF_UNSPEC, entries, NULL);
    s->settings.resolver = resolver;
    s->settings.connect_timeout = 300 * NGTCP2_SECONDS;
    ql_request *request = add(s, QL_ORIGIN_PATTERN_PATH, NULL);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 0);
    assert_pattern(request);
    ql_udp_datagram datagrams[8];
    g_assert_cmpint(ql_udp_receive(mute, datagrams, G_N_ELEMENTS(datagrams), NULL), >, 0);
    ql_udp_free(mute);
    ql_resolver_free(resolver);
}

static void test_silence_ends_the_handshake(stage *s, gconstpointer unused)
{
    (void)unused;
    struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    ql_address address = ql_address_from((const struct sockaddr *)&loopback, sizeof loopback);
    ql_udp *mute = ql_udp_listen(&address, NULL);
    uint16_t port = s->origin.port;
    s->settings.connect_timeout = 300 * NGTCP2_MILLISECONDS;
    s->origin.port = ql_address_port(ql_udp_local(mute));
    add(s, "/", NULL);
    s->origin.port = port;
    gint64 start = g_get_monotonic_time();
    assert_failed_with(s, "within 0.3 s");
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 290000);
    ql_udp_free(mute);
}

static void test_a_time_limit_breaks_the_transfer_off(stage *s, gconstpointer unused)
{
    (void)unused;
    int fds[2];
    g_assert_cmpint(pipe(fds), ==, 0);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fds[0]);
    ql_body *body = ql_body_new();
    g_assert_true(ql_body_add_file(body, path, false, NULL));
    s->settings.max_time = 300 * NGTCP2_MILLISECONDS;
    add(s, "/echo", body);
    assert_failed_with(s, "--max-time");
    close(fds[0]);
    close(fds[1]);
}

static void test_a_signal_breaks_the_transfer_off(stage *s, gconstpointer unused)
{
    (void)unused;
    int stop = eventfd(1, EFD_CLOEXEC);
    s->settings.stop_fd = stop;
    add(s, QL_ORIGIN_PATTERN_PATH, NULL);
    assert_failed_with(s, "signal");
    close(stop);
}

/* One response has its turn only when the one before it is written, which its reader delays. */
static void test_a_slow_reader_holds_nothing_up_for_good(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree char *path = g_build_filename(s->folder, "out", NULL);
    g_autofree char *command = g_strdup_printf("sleep 0.3; cat >'%s'", path);
    FILE *reader = popen(command, "w");
    g_assert_nonnull(reader);
    ql_stdout *shared = ql_stdout_new(fileno(reader));
    ql_request *requests[4];
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
        requests[i] = add_to(s, QL_ORIGIN_PATTERN_PATH, NULL, ql_output_new_stdout(shared));
    unsigned failed = ql_transfer_run(s->transfer);
    g_assert_cmpstr(s->reports->str, ==, "");
    g_assert_cmpuint(failed, ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
        assert_pattern(requests[i]);
    g_assert_cmpint(pclose(reader), ==, 0);
    g_autofree char *contents = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    g_assert_cmpuint(length, ==, 4 * QL_ORIGIN_PATTERN_BYTES);
    ql_transfer_free(g_steal_pointer(&s->transfer));
    ql_stdout_free(shared);
    g_remove(path);
}

/* A source of requests that counts how many of them there are at a time. */
typedef struct counting_source {
    stage *of;
    unsigned made, over, most, wrong;
    bool *seen;
} counting_source;

#define FROM_SOURCE 1000u

static ql_request *next_counted(void *user, GError **error)
{
    counting_source *source = user;
    if (source->made == FROM_SOURCE)
        return NULL;
    if (source->made++ == 7) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "the eighth has no content");
        source->over++;
        return NULL;
    }
    source->most = MAX(source->most, source->made - source->over);
    g_autofree char *url = g_strdup_printf("https://localhost:%u/data.json?%u",
                                           source->of->origin.port, source->made - 1);
    return ql_request_new(ql_url_new(url, NULL), &(ql_request_settings){ 0 }, NULL,
                          ql_output_new_nowhere(), NULL);
}

static void note_over(const ql_request *request, const ql_connection_figures *figures,
                      unsigned place, void *user)
{
    counting_source *source = user;
    g_autofree char *query = g_strdup_printf("?%u", place);
    source->over++;
    if (source->seen[place] || ql_request_status(request) != 200 || figures->number != 1 ||
        !g_str_has_suffix(ql_request_url(request)->text, query))
        source->wrong++;
    source->seen[place] = true;
}

static void test_a_source_is_asked_when_there_is_room(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree bool *seen = g_new0(bool, FROM_SOURCE);
    counting_source source = { .of = s, .seen = seen };
    s->settings.source = (ql_transfer_source){ next_counted, &source, FROM_SOURCE };
    s->settings.over = note_over;
    s->settings.over_user = &source;
    s->transfer = ql_transfer_new(&s->settings);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, 1);
    g_assert_cmpstr(s->reports->str, ==, "the eighth has no content\n");
    g_assert_cmpuint(source.over, ==, FROM_SOURCE);
    g_assert_cmpuint(source.wrong, ==, 0);
    g_assert_cmpuint(source.most, <, FROM_SOURCE / 2);
    g_assert_cmpuint(ql_transfer_requests(s->transfer)->len, ==, 0);
}

static void test_what_was_not_begun_is_given_up_too(stage *s, gconstpointer unused)
{
    (void)unused;
    g_autofree bool *seen = g_new0(bool, FROM_SOURCE);
    counting_source source = { .of = s, .seen = seen };
    int stop = eventfd(1, EFD_CLOEXEC);
    s->settings.stop_fd = stop;
    s->settings.source = (ql_transfer_source){ next_counted, &source, FROM_SOURCE };
    s->settings.over = note_over;
    s->settings.over_user = &source;
    s->transfer = ql_transfer_new(&s->settings);
    g_assert_cmpuint(ql_transfer_run(s->transfer), ==, FROM_SOURCE);
    g_assert_cmpuint(source.over, ==, FROM_SOURCE);
    for (unsigned place = 0; place < FROM_SOURCE; place++)
        g_assert_true(seen[place] || place == 7);
    g_assert_cmpuint(source.most, <, FROM_SOURCE / 2);
    close(stop);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_assert_true(ql_tls_library_init(NULL));
#define TEST(name, function) g_test_add("/transfer/" name, stage, NULL, set_up, function, tear_down)
#define OWN(name, function)  g_test_add("/transfer/" name, stage, NULL, NULL, function, tear_down)
    TEST("parallel", test_many_responses_come_whole_at_once);
    TEST("source", test_a_source_is_asked_when_there_is_room);
    TEST("upload", test_content_is_sent_whole);
    TEST("move", test_a_move_in_mid_transfer_loses_nothing);
    TEST("late-move", test_a_move_that_comes_too_late_is_told);
    TEST("trace", test_a_trace_tells_the_session);
    OWN("expired", test_an_expired_certificate_is_rejected);
    OWN("future", test_a_certificate_of_the_future_is_rejected);
    OWN("other-name", test_a_certificate_for_another_name_is_rejected);
    TEST("self-signed", test_a_self_signed_certificate_is_rejected);
    OWN("insecure", test_any_certificate_is_accepted_where_that_is_asked);
    TEST("refused", test_a_closed_port_is_refused);
    TEST("next-address", test_the_next_address_is_tried);
    TEST("eyeballs", test_silence_does_not_keep_the_next_address_waiting);
    TEST("silence", test_silence_ends_the_handshake);
    TEST("max-time", test_a_time_limit_breaks_the_transfer_off);
    TEST("not-begun", test_what_was_not_begun_is_given_up_too);
    TEST("signal", test_a_signal_breaks_the_transfer_off);
    TEST("slow", test_a_slow_reader_holds_nothing_up_for_good);
    return g_test_run();
}
