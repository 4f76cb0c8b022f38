/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qlog_file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>

static ql_address ipv4(const char *text, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET, text, &address.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static ql_address ipv6(const char *text, uint16_t port)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    g_assert_cmpint(inet_pton(AF_INET6, text, &address.sin6_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static void write_quic(ql_qlog *qlog, const char *text)
{
    ql_qlog_write_quic(qlog, text, strlen(text));
}

static void test_head(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    struct stat entry;
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    g_assert_cmpuint(records->len, ==, 1);
    JsonObject *head = qlog_record(records, 0);
    JsonObject *trace = json_object_get_object_member(head, "trace");
    JsonObject *point = json_object_get_object_member(trace, "vantage_point");
    JsonObject *common = json_object_get_object_member(trace, "common_fields");
    g_assert_cmpstr(json_object_get_string_member(head, "qlog_format"), ==, "JSON-SEQ");
    g_assert_cmpstr(json_object_get_string_member(head, "qlog_version"), ==, "0.3");
    g_assert_cmpstr(json_object_get_string_member(head, "title"), ==, "a test");
    g_assert_cmpstr(json_object_get_string_member(trace, "title"), ==,
                    "a test, connection deadbeef");
    g_assert_cmpstr(json_object_get_string_member(point, "type"), ==, "client");
    g_assert_cmpstr(json_object_get_string_member(common, "group_id"), ==, "deadbeef");
    g_assert_cmpint(json_object_get_int_member(common, "reference_time"), >, 1600000000000);
    g_assert_cmpint(stat(f->path, &entry), ==, 0);
    g_assert_cmpuint(entry.st_mode & 0777, ==, 0600);
}

static void test_records_of_the_library(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    write_quic(f->qlog, "\x1e{\"qlog_format\":\"JSON-SEQ\",\"trace\":{}}\n");
    write_quic(f->qlog, "\x1e{\"time\":7,\"name\":\"transport:packet_sent\",\"data\":{\"a\":1}}\n");
    ql_qlog_write_event(f->qlog, "http:frame_created", json_object_new());
    write_quic(f->qlog, "\x1e{\"time\":3,\"name\":\"recovery:packet_lost\",\"data\":{}}\n");
    write_quic(f->qlog, "");
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    g_assert_cmpuint(records->len, ==, 4);
    g_autofree char *data = qlog_data(records, 1, "transport:packet_sent");
    g_assert_cmpstr(data, ==, "{\"a\":1}");
    double last = 0;
    for (guint i = 1; i < records->len; i++) {
        double time = json_object_get_double_member(qlog_record(records, i), "time");
        g_assert_cmpfloat(time, >=, last);
        last = time;
    }
}

/* The names of the records behind the head, with a space behind each. */
static char *names_of(qlog_file *f)
{
    GString *text = g_string_new(NULL);
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    for (guint i = 1; i < records->len; i++)
        g_string_append_printf(text, "%s ",
                               json_object_get_string_member(qlog_record(records, i), "name"));
    return g_string_free(text, FALSE);
}

static void test_a_packet_is_told_before_what_came_of_it(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    static const char packet[] =
        "\x1e{\"time\":1,\"name\":\"transport:packet_received\",\"data\":{}}\n";
    ql_qlog_arrival_begin(f->qlog);
    ql_qlog_write_event(f->qlog, "of:first", json_object_new());
    write_quic(f->qlog, "\x1e{\"time\":1,\"name\":\"recovery:packet_lost\",\"data\":{}}\n");
    write_quic(f->qlog, packet);
    write_quic(f->qlog, packet);
    ql_qlog_write_event(f->qlog, "of:none", json_object_new());
    ql_qlog_arrival_end(f->qlog);
    ql_qlog_write_event(f->qlog, "of:nobody", json_object_new());
    g_autofree char *names = names_of(f);
    g_assert_cmpstr(names, ==,
                    "transport:packet_received of:first recovery:packet_lost "
                    "transport:packet_received of:none of:nobody ");
}

static void test_nothing_is_kept_back_for_ever(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_arrival_begin(f->qlog);
    ql_qlog_write_event(f->qlog, "a:b", json_object_new());
    g_autofree char *names = names_of(f);
    g_assert_cmpstr(names, ==, "a:b ");
}

static void test_connection_ids(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    const ql_address local = ipv4("192.0.2.1", 1), remote = ipv4("192.0.2.2", 443);
    const ngtcp2_cid own = { .datalen = 1, .data = { 0x11 } };
    const ngtcp2_cid theirs = { .datalen = 2, .data = { 0x22, 0x23 } };
    const ngtcp2_cid next = { .datalen = 1, .data = { 0x33 } };
    ql_qlog_connection_started(f->qlog, &local, &remote, &own, &theirs);
    ql_qlog_connection_id_updated(f->qlog, QL_QLOG_REMOTE, &theirs); /* nothing new */
    ql_qlog_connection_id_updated(f->qlog, QL_QLOG_REMOTE, &next);
    ql_qlog_connection_id_updated(f->qlog, QL_QLOG_LOCAL, &next);
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    g_assert_cmpuint(records->len, ==, 4);
    g_autofree char *start = qlog_data(records, 1, "connectivity:connection_started");
    g_autofree char *first = qlog_data(records, 2, "connectivity:connection_id_updated");
    g_autofree char *second = qlog_data(records, 3, "connectivity:connection_id_updated");
    g_assert_cmpstr(start, ==,
                    "{\"ip_version\":\"v4\",\"src_ip\":\"192.0.2.1\",\"dst_ip\":\"192.0.2.2\","
                    "\"protocol\":\"QUIC\",\"src_port\":1,\"dst_port\":443,\"src_cid\":\"11\","
                    "\"dst_cid\":\"2223\"}");
    g_assert_cmpstr(first, ==, "{\"owner\":\"remote\",\"old\":\"2223\",\"new\":\"33\"}");
    g_assert_cmpstr(second, ==, "{\"owner\":\"local\",\"old\":\"11\",\"new\":\"33\"}");
}

static void test_migration(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    const ql_address local = ipv6("2001:db8::1", 5), remote = ipv6("2001:db8::2", 443);
    ql_qlog_migration_updated(f->qlog, QL_QLOG_PROBING_SUCCESSFUL, &local, &remote);
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    g_autofree char *data = qlog_data(records, 1, "connectivity:migration_state_updated");
    g_assert_cmpstr(data, ==,
                    "{\"new\":\"probing_successful\","
                    "\"path_remote\":{\"ip_v6\":\"2001:db8::2\",\"port_v6\":443},"
                    "\"path_local\":{\"ip_v6\":\"2001:db8::1\",\"port_v6\":5}}");
}

static void test_a_file_a_connection(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    const ngtcp2_cid id = { .datalen = 1, .data = { 0x77 } };
    g_autofree char *second = g_build_filename(f->folder, "a-2.sqlog", NULL);
    g_autofree char *in_folder = g_build_filename(f->folder, "77_server.sqlog", NULL);
    ql_qlog_free(ql_qlog_new(f->book, &id));
    g_assert_true(g_file_test(second, G_FILE_TEST_EXISTS));
    ql_qlog_book *book = ql_qlog_book_new(f->folder, true, "a server", NULL);
    ql_qlog_free(ql_qlog_new(book, &id));
    g_assert_true(ql_qlog_book_close(book, NULL));
    g_autoptr(GPtrArray) records = qlog_records(in_folder);
    g_assert_cmpuint(records->len, ==, 1);
}

static void test_nothing_is_written_without_a_qlog(void)
{
    const ngtcp2_cid id = { .datalen = 0 };
    g_assert_null(ql_qlog_new(NULL, &id));
    ql_qlog_write_quic(NULL, "x", 1);
    ql_qlog_write_event(NULL, "a:b", json_object_new());
    ql_qlog_connection_id_updated(NULL, QL_QLOG_LOCAL, &id);
    ql_qlog_arrival_begin(NULL);
    ql_qlog_arrival_end(NULL);
    ql_qlog_book_flush(NULL);
    ql_qlog_flush(NULL);
    ql_qlog_free(NULL);
    g_assert_true(ql_qlog_book_close(NULL, NULL));
}

static void test_a_full_disk_is_told(void)
{
    const ngtcp2_cid id = { .datalen = 0 };
    g_autoptr(GError) error = NULL;
    ql_qlog_book *book = ql_qlog_book_new("/dev/full", false, "t", &error);
    g_assert_no_error(error);
    ql_qlog *qlog = ql_qlog_new(book, &id);
    ql_qlog_flush(qlog);
    ql_qlog_write_event(qlog, "a:b", json_object_new());
    ql_qlog_free(qlog);
    g_assert_false(ql_qlog_book_close(book, &error));
    g_assert_cmpstr(error->message, ==, "cannot write the qlog /dev/full: No space left on device");
}

static void test_a_folder_that_is_not_there(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(ql_qlog_book_new("/nowhere/a.sqlog", false, "t", &error));
    g_assert_cmpstr(error->message, ==,
                    "cannot write the qlog /nowhere/a.sqlog: No such file or directory");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
    g_test_add(name, qlog_file, NULL, qlog_file_set_up, test, qlog_file_tear_down)
    ADD("/qlog/its head says version, side and connection", test_head);
    ADD("/qlog/records of the library get times in order", test_records_of_the_library);
    ADD("/qlog/a packet is told before what came of it",
        test_a_packet_is_told_before_what_came_of_it);
    ADD("/qlog/nothing is kept back for ever", test_nothing_is_kept_back_for_ever);
    ADD("/qlog/connection IDs are told with the old one", test_connection_ids);
    ADD("/qlog/a migration is told with its path", test_migration);
    ADD("/qlog/each connection has a file", test_a_file_a_connection);
    g_test_add_func("/qlog/nothing is written without a qlog",
                    test_nothing_is_written_without_a_qlog);
    g_test_add_func("/qlog/a full disk is told", test_a_full_disk_is_told);
    g_test_add_func("/qlog/a folder that is not there is told", test_a_folder_that_is_not_there);
    return g_test_run();
}
