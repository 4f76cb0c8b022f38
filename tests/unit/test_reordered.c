/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures whose datagrams come in another order than they were sent, each with its time: as many
 * connections, packets opened and exchanges have to be found, and no rule be broken that was kept.
 * The latter also where a capture begins late.
 * CAPTURES is the folder. */
#include <string.h>

#include "capture_reader.h"
#include "session_text.h"

#define SEEDS       3u
#define LATE_BEGINS 8u /* so many datagrams at most are left out */

/* Datagrams come up to so many places later than they should. With the wide one nothing wrong may be
 * said, though not all need be found. */
static const unsigned windows[] = { 4, 8, 16 };
#define WIDE_FROM 16u

typedef struct sorted {
    ql_datagram datagram;
    double place;
} sorted;

static void clear_sorted(gpointer data)
{
    g_free((uint8_t *)((sorted *)data)->datagram.payload.data);
}

static GArray *read_capture(const char *path)
{
    GError *error = NULL;
    ql_capture *capture = ql_capture_open(path, &error);
    g_assert_no_error(error);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(sorted));
    g_array_set_clear_func(all, clear_sorted);
    sorted one = { .place = 0 };
    while (ql_capture_next(capture, &one.datagram)) {
        one.datagram.payload.data =
            g_memdup2(one.datagram.payload.data, one.datagram.payload.length);
        g_array_append_val(all, one);
    }
    ql_capture_close(capture);
    return all;
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    const sorted *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* The capture without its first datagrams, and with others moved by less than `window` places; with
 * 0 as they are. */
static ql_session *load(const GArray *capture, const char *keys, unsigned from, unsigned window,
                        unsigned seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autofree sorted *order = g_memdup2(capture->data, capture->len * sizeof *order);
    for (guint i = 0; i < capture->len; i++)
        order[i].place = i + (window > 0 ? g_rand_double_range(random, 0, window) : 0);
    qsort(order, capture->len, sizeof *order, by_place);
    ql_session *session = ql_session_new();
    ql_session_add_secrets(session, (ql_slice){ (const uint8_t *)keys, strlen(keys) });
    for (guint i = from; i < capture->len; i++) {
        order[i].datagram.where.frame = i + 1;
        ql_session_add_datagram(session, &order[i].datagram);
    }
    ql_session_finish(session);
    return session;
}

static unsigned used_ids(const ql_connection *connection, ql_side issuer)
{
    const GPtrArray *ids = ql_connection_cids(connection, issuer);
    unsigned used = 0;
    for (guint i = 0; i < ids->len; i++)
        used += ((const ql_cid_entry *)g_ptr_array_index(ids, i))->packets > 0;
    return used;
}

/* What does not depend on the order. */
static char *outcome(const ql_session *session)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < ql_session_connection_count(session); i++) {
        const ql_connection *connection = ql_session_connection(session, i);
        const ql_connection_facts *facts = ql_connection_facts_of(connection);
        const GPtrArray *exchanges = ql_streams_exchanges(ql_connection_streams(connection));
        unsigned complete = 0;
        for (guint e = 0; e < exchanges->len; e++)
            complete += ((const ql_exchange *)g_ptr_array_index(exchanges, e))->response.complete;
        g_string_append_printf(text,
                               "client at port %u: %s, %" G_GUINT64_FORMAT
                               " packets, %" G_GUINT64_FORMAT
                               " opened; used IDs of the client %u, of the server %u; paths %u; "
                               "exchanges %u, whole %u\n",
                               facts->client.port, ql_secrets_state_name(facts->secrets),
                               facts->packets, facts->closed[QL_OPENED],
                               used_ids(connection, QL_CLIENT), used_ids(connection, QL_SERVER),
                               ql_connection_paths(connection)->len, exchanges->len, complete);
    }
    return g_string_free(text, FALSE);
}

static bool has_finding(const ql_session *session, ql_finding_code code)
{
    const GPtrArray *findings = ql_session_findings(session);
    for (guint i = 0; i < findings->len; i++)
        if (((const ql_finding *)g_ptr_array_index(findings, i))->code == code)
            return true;
    return false;
}

/* Of the findings from this kind on. What HTTP/3 makes of it is for other tests. */
static void assert_nothing_new(const ql_session *straight, const ql_session *session,
                               ql_finding_code from)
{
    const GPtrArray *findings = ql_session_findings(session);
    for (guint i = 0; i < findings->len; i++) {
        const ql_finding *finding = g_ptr_array_index(findings, i);
        if (finding->code < from || finding->code >= QL_FINDING_STREAM_FINAL_SIZE)
            continue;
        if (!has_finding(straight, finding->code))
            g_test_message("frame %u: %s", finding->frame, finding->text);
        g_assert_true(has_finding(straight, finding->code));
    }
}

/* The secrets, which the caller frees, and the capture. */
static char *read_both(const char *path, GArray **capture)
{
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".pcap"));
    g_autofree char *secrets = g_strconcat(stem, ".keys", NULL);
    char *keys = NULL;
    g_assert_true(g_file_get_contents(secrets, &keys, NULL, NULL));
    *capture = read_capture(path);
    return keys;
}

static void test_capture(gconstpointer data)
{
    const char *path = data;
    GArray *capture;
    g_autofree char *keys = read_both(path, &capture);
    ql_session *straight = load(capture, keys, 0, 0, 0);
    g_autofree char *expected = outcome(straight);
    /* Of several Retries in any order the keys of one only are kept. */
    unsigned count = strstr(path, "retry") != NULL ? 1 : G_N_ELEMENTS(windows);
    for (unsigned i = 0; i < count * SEEDS; i++) {
        unsigned window = windows[i / SEEDS], seed = i % SEEDS;
        g_test_message("window %u, seed %u", window, seed);
        ql_session *session = load(capture, keys, 0, window, seed);
        g_autofree char *found = outcome(session);
        if (window < WIDE_FROM)
            g_assert_cmpstr(found, ==, expected);
        assert_nothing_new(straight, session, QL_FINDING_SECRETS_MISSING);
        ql_session_free(session);
    }
    ql_session_free(straight);
    g_array_free(capture, TRUE);
}

/* What was not captured cannot be held against anybody. */
static void test_late_begin(gconstpointer data)
{
    GArray *capture;
    g_autofree char *keys = read_both(data, &capture);
    ql_session *straight = load(capture, keys, 0, 0, 0);
    for (unsigned from = 1; from <= LATE_BEGINS && from < capture->len; from++) {
        g_test_message("without the first %u datagrams", from);
        ql_session *session = load(capture, keys, from, 0, 0);
        assert_nothing_new(straight, session, QL_FINDING_PACKET_MALFORMED);
        ql_session_free(session);
    }
    ql_session_free(straight);
    g_array_free(capture, TRUE);
}

/* Without their start, and with both legs of a relay, which connections there are depends on what
 * comes first. */
static bool is_for_this(const char *name)
{
    return strstr(name, "midstart") == NULL && strstr(name, "relay") == NULL;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    GError *error = NULL;
    GDir *folder = g_dir_open(CAPTURES, 0, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(folder)) != NULL) {
        if (!g_str_has_suffix(name, ".pcap"))
            continue;
        char *path = g_build_filename(CAPTURES, name, NULL);
        g_ptr_array_add(paths, path);
        g_autofree char *late = g_strdup_printf("/reordered/%s begins late", name);
        g_test_add_data_func(late, path, test_late_begin);
        g_autofree char *title = g_strdup_printf("/reordered/%s", name);
        if (is_for_this(name))
            g_test_add_data_func(title, path, test_capture);
    }
    g_dir_close(folder);
    return g_test_run();
}
