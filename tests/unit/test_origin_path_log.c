/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_path_log.h"

#include "qlog_file.h"

#include <netinet/in.h>

/* A path between two ports of the loopback. */
typedef struct path {
    struct sockaddr_in local, remote;
    ngtcp2_path path;
} path;

static void path_init(path *p, uint16_t port)
{
    p->local = (struct sockaddr_in){ .sin_family = AF_INET,
                                     .sin_port = htons(443),
                                     .sin_addr = { htonl(INADDR_LOOPBACK) } };
    p->remote = p->local;
    p->remote.sin_port = htons(port);
    p->path = (ngtcp2_path){
        .local = { (ngtcp2_sockaddr *)(void *)&p->local, sizeof p->local },
        .remote = { (ngtcp2_sockaddr *)(void *)&p->remote, sizeof p->remote },
    };
}

static void assert_state(const GPtrArray *records, guint i, const char *state, int port)
{
    JsonObject *record = qlog_record(records, i);
    JsonObject *object = json_object_get_object_member(record, "data");
    JsonObject *remote = json_object_get_object_member(object, "path_remote");
    g_assert_cmpstr(json_object_get_string_member(record, "name"), ==,
                    "connectivity:migration_state_updated");
    g_assert_cmpstr(json_object_get_string_member(object, "new"), ==, state);
    g_assert_cmpint(json_object_get_int_member(remote, "port_v4"), ==, port);
}

static void test_validation_is_told_and_moves_nobody(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    path first, other;
    path_init(&first, 1000);
    path_init(&other, 2000);
    ql_origin_path_log *log = ql_origin_path_log_new(f->qlog, &first.path);
    ql_origin_path_log_on_challenge(log, &other.path);
    ql_origin_path_log_on_validated(log, &other.path, NGTCP2_PATH_VALIDATION_RESULT_SUCCESS);
    ql_origin_path_log_on_challenge(log, &first.path);
    ql_origin_path_log_on_validated(log, &first.path, NGTCP2_PATH_VALIDATION_RESULT_ABORTED);
    ql_origin_path_log_on_validated(log, &first.path, NGTCP2_PATH_VALIDATION_RESULT_FAILURE);
    ql_origin_path_log_free(log);
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    g_assert_cmpuint(records->len, ==, 5);
    assert_state(records, 1, "probing_started", 2000);
    assert_state(records, 2, "probing_successful", 2000);
    assert_state(records, 3, "probing_started", 1000);
    assert_state(records, 4, "probing_abandoned", 1000);
}

static void test_an_id_of_the_client_is_told_once(qlog_file *f, gconstpointer unused)
{
    (void)unused;
    path first;
    path_init(&first, 1000);
    const ngtcp2_cid cid = { .datalen = 2, .data = { 0xab, 0xcd } };
    ql_origin_path_log *log = ql_origin_path_log_new(f->qlog, &first.path);
    ql_origin_path_log_on_cid(log, &cid);
    ql_origin_path_log_on_cid(log, &cid);
    ql_origin_path_log_free(log);
    qlog_file_close(f);
    g_autoptr(GPtrArray) records = qlog_records(f->path);
    g_assert_cmpuint(records->len, ==, 2);
    g_autofree char *data = qlog_data(records, 1, "connectivity:connection_id_updated");
    g_assert_cmpstr(data, ==, "{\"owner\":\"remote\",\"old\":\"\",\"new\":\"abcd\"}");
}

static void test_without_a_qlog_nothing_is_written(void)
{
    path first;
    path_init(&first, 1000);
    const ngtcp2_cid cid = { .datalen = 1 };
    ql_origin_path_log *log = ql_origin_path_log_new(NULL, &first.path);
    ql_origin_path_log_on_cid(log, &cid);
    ql_origin_path_log_on_challenge(log, &first.path);
    ql_origin_path_log_free(log);
    ql_origin_path_log_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/origin-path-log/" name, qlog_file, NULL, qlog_file_set_up, function,              \
               qlog_file_tear_down)
    TEST("validation", test_validation_is_told_and_moves_nobody);
    TEST("id", test_an_id_of_the_client_is_told_once);
    g_test_add_func("/origin-path-log/none", test_without_a_qlog_nothing_is_written);
    return g_test_run();
}
