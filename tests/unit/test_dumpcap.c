/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dumpcap.h"

#include "address.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>

/* A program in place of dumpcap, which does what the script says. */
typedef struct stand_in {
    char *folder, *program, *capture, *path;
} stand_in;

static void set_up(stand_in *s, gconstpointer script)
{
    s->folder = g_dir_make_tmp("dumpcap-XXXXXX", NULL);
    s->program = g_build_filename(s->folder, "dumpcap", NULL);
    s->capture = g_build_filename(s->folder, "c.pcapng", NULL);
    s->path = g_strdup(g_getenv("PATH"));
    g_assert_true(g_file_set_contents(s->program, script, -1, NULL));
    g_assert_cmpint(g_chmod(s->program, 0700), ==, 0);
    g_autofree char *path = g_strconcat(s->folder, ":", s->path, NULL);
    g_setenv("PATH", path, TRUE);
}

static void tear_down(stand_in *s, gconstpointer unused)
{
    (void)unused;
    g_setenv("PATH", s->path, TRUE);
    g_unlink(s->program);
    g_unlink(s->capture);
    g_assert_cmpint(g_rmdir(s->folder), ==, 0);
    g_free(s->folder);
    g_free(s->program);
    g_free(s->capture);
    g_free(s->path);
}

static ql_dumpcap *begin(const stand_in *s, GError **error)
{
    const ql_dumpcap_plan plan = { .interface = "if0", .path = s->capture, .filter = "udp" };
    return ql_dumpcap_new(&plan, error);
}

#define CAPTURES                                                                                   \
    "#!/bin/sh\n"                                                                                  \
    "while [ $# -gt 0 ]; do [ \"$1\" = -w ] && file=$2; shift; done\n"                             \
    "printf '\\012\\015\\015\\012\\034\\000\\000\\000\\115\\074\\053\\032\\001\\000\\000\\000"     \
    "\\377\\377\\377\\377\\377\\377\\377\\377\\034\\000\\000\\000' > \"$file\"\n"                  \
    "echo \"Capturing on 'if0'\" >&2; echo \"File: $file\" >&2\n"

static void test_it_ends_and_gets_the_secrets(stand_in *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL;
    gsize length;
    ql_dumpcap *dumpcap = begin(s, &error);
    g_assert_no_error(error);
    ql_dumpcap_secret(dumpcap, "A 1 2");
    g_assert_true(ql_dumpcap_close(dumpcap, &error));
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(s->capture, &content, &length, NULL));
    g_assert_nonnull(memmem(content, length, "A 1 2\n", 6));
}

static void test_a_failure_before_the_end_is_told(stand_in *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    ql_dumpcap *dumpcap = begin(s, &error);
    g_assert_no_error(error);
    g_assert_false(ql_dumpcap_close(dumpcap, &error));
    g_assert_nonnull(strstr(error->message, "did not write"));
    g_assert_nonnull(strstr(error->message, "No space left on device."));
}

static void test_its_own_words_say_why_it_does_not_begin(stand_in *s, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GError) error = NULL;
    g_assert_null(begin(s, &error));
    g_assert_cmpstr(error->message, ==,
                    "dumpcap cannot capture on if0: There is no device named \"if0\". (None)");
}

static void test_it_is_missing(void)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autoptr(GError) error = NULL;
    const ql_dumpcap_plan plan = { .interface = "if0", .path = "/nowhere/c", .filter = "udp" };
    g_setenv("PATH", "/nowhere", TRUE);
    g_assert_null(ql_dumpcap_new(&plan, &error));
    g_setenv("PATH", path, TRUE);
    g_assert_nonnull(strstr(error->message, "dumpcap is not installed"));
    g_assert_true(ql_dumpcap_close(NULL, NULL));
}

static void test_filter(void)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(443) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(4433) };
    inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    const ql_address both[] = { ql_address_from((const struct sockaddr *)&v4, sizeof v4),
                                ql_address_from((const struct sockaddr *)&v6, sizeof v6) };
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(ql_address));
    g_assert_null(ql_dumpcap_filter(addresses));
    g_array_append_vals(addresses, both, 2);
    g_autofree char *filter = ql_dumpcap_filter(addresses);
    g_assert_cmpstr(filter, ==,
                    "(udp port 443 and host 192.0.2.1) or (udp port 4433 and host 2001:db8::1)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, script, test)                                                                    \
    g_test_add("/dumpcap/" name, stand_in, script, set_up, test, tear_down)
    ADD("it is ended, and its file gets the secrets",
        CAPTURES "trap 'exit 0' INT; while :; do sleep 0.01; done\n",
        test_it_ends_and_gets_the_secrets);
    ADD("a failure before the end is told",
        CAPTURES "echo 'dumpcap: No space left on device.' >&2; exit 1\n",
        test_a_failure_before_the_end_is_told);
    ADD("its own words say why it does not begin",
        "#!/bin/sh\necho \"Capturing on 'if0'\" >&2\n"
        "echo 'dumpcap: There is no device named \"if0\".' >&2; echo '(None)' >&2; exit 1\n",
        test_its_own_words_say_why_it_does_not_begin);
    g_test_add_func("/dumpcap/it is missing", test_it_is_missing);
    g_test_add_func("/dumpcap/the filter names hosts and ports", test_filter);
    return g_test_run();
}
