/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_capture.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define SERVER_LINE "SERVER_TRAFFIC_SECRET_0 aaaa 01"
#define CLIENT_LINE "CLIENT_TRAFFIC_SECRET_0 aaaa 02"

typedef struct fixture {
    char *path;
    ql_origin_capture *capture;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
    (void)unused;
    int fd = g_file_open_tmp("origin-capture-XXXXXX", &f->path, NULL);
    close(fd);
    f->capture = ql_origin_capture_new(f->path, "a test", NULL);
    g_assert_nonnull(f->capture);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    if (f->capture != NULL)
        g_assert_true(ql_origin_capture_close(f->capture, NULL));
    g_remove(f->path);
    g_free(f->path);
}

static void receive(const fixture *f, const char *content)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(7) };
    ql_udp_datagram datagram = { .local = ql_address_from((const struct sockaddr *)&v4, sizeof v4),
                                 .time_ns = ql_udp_now(),
                                 .data = (const uint8_t *)content,
                                 .length = strlen(content) };
    datagram.remote = datagram.local;
    ql_origin_capture_received(f->capture, &datagram);
}

/* Where a text stands in the file; -1: nowhere. */
static ssize_t place_of(const fixture *f, const char *text)
{
    g_autofree char *content = NULL;
    gsize length;
    ql_origin_capture_flush(f->capture);
    g_assert_true(g_file_get_contents(f->path, &content, &length, NULL));
    const char *found = memmem(content, length, text, strlen(text));
    return found == NULL ? -1 : found - content;
}

static void test_packets_wait_for_both_secrets(fixture *f, gconstpointer unused)
{
    (void)unused;
    receive(f, "first");
    g_assert_cmpint(place_of(f, "first"), >, 0);
    ql_origin_capture_secret(SERVER_LINE, f->capture);
    receive(f, "second");
    g_assert_cmpint(place_of(f, "second"), ==, -1);
    ql_origin_capture_secret(CLIENT_LINE, f->capture);
    receive(f, "third");
    g_assert_cmpint(place_of(f, CLIENT_LINE), >, place_of(f, "first"));
    g_assert_cmpint(place_of(f, "second"), >, place_of(f, CLIENT_LINE));
    g_assert_cmpint(place_of(f, "third"), >, place_of(f, "second"));
}

static void test_a_handshake_that_never_ends_holds_up_only_so_many(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_origin_capture_secret(SERVER_LINE, f->capture);
    receive(f, "first");
    for (unsigned i = 1; i + 1 < QL_ORIGIN_CAPTURE_HELD; i++)
        receive(f, "x");
    g_assert_cmpint(place_of(f, "first"), ==, -1);
    receive(f, "last");
    g_assert_cmpint(place_of(f, "first"), >, 0);
    g_assert_cmpint(place_of(f, "last"), >, 0);
}

static void test_what_waits_is_written_in_the_end(fixture *f, gconstpointer unused)
{
    g_autofree char *content = NULL;
    gsize length;
    (void)unused;
    ql_origin_capture_secret(SERVER_LINE, f->capture);
    receive(f, "first");
    g_assert_true(ql_origin_capture_close(g_steal_pointer(&f->capture), NULL));
    g_assert_true(g_file_get_contents(f->path, &content, &length, NULL));
    g_assert_nonnull(memmem(content, length, "first", 5));
}

static void test_no_capture_is_no_fault(void)
{
    ql_origin_capture_received(NULL, NULL);
    ql_origin_capture_flush(NULL);
    g_assert_true(ql_origin_capture_close(NULL, NULL));
}

#define TEST(name, function)                                                                       \
    g_test_add("/origin-capture/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("secrets", test_packets_wait_for_both_secrets);
    TEST("limit", test_a_handshake_that_never_ends_holds_up_only_so_many);
    TEST("end", test_what_waits_is_written_in_the_end);
    g_test_add_func("/origin-capture/none", test_no_capture_is_no_fault);
    return g_test_run();
}
