/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qlog_http3.h"

#include "qlog_file.h"

typedef struct fixture {
    qlog_file file;
    ql_qlog_http3 *http3;
} fixture;

static void set_up(fixture *f, gconstpointer server)
{
    qlog_file_set_up(&f->file, NULL);
    f->http3 = ql_qlog_http3_new(f->file.qlog, server != NULL);
}

static void tear_down(fixture *f, gconstpointer unused)
{
    ql_qlog_http3_free(f->http3);
    qlog_file_tear_down(&f->file, unused);
}

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void add_section(fixture *f, ql_qlog_owner sender, int64_t stream, const char *name,
                        const char *value)
{
    ql_qlog_http3_field(f->http3, sender, stream, name, strlen(name), value, strlen(value));
    ql_qlog_http3_fields_end(f->http3, sender, stream);
}

/* The records after the first, "name data" each. */
static char *written(fixture *f)
{
    GString *text = g_string_new(NULL);
    qlog_file_close(&f->file);
    g_autoptr(GPtrArray) records = qlog_records(f->file.path);
    for (guint i = 1; i < records->len; i++) {
        JsonObject *record = qlog_record(records, i);
        g_autofree char *data = json_to_string(json_object_get_member(record, "data"), FALSE);
        g_string_append_printf(text, "%s %s\n", json_object_get_string_member(record, "name"),
                               data);
    }
    return g_string_free(text, FALSE);
}

static void test_settings_in_single_bytes(fixture *f, gconstpointer unused)
{
    (void)unused;
    static const uint8_t control[] = { 0x00, 0x04, 0x05, 0x01, 0x50, 0x00, 0x33, 0x01 };
    for (size_t i = 0; i < sizeof control; i++)
        ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 3, control + i, 1);
    g_autofree char *text = written(f);
    g_assert_cmpstr(text, ==,
                    "http:stream_type_set "
                    "{\"owner\":\"remote\",\"stream_id\":3,\"stream_type\":\"control\"}\n"
                    "http:frame_parsed {\"stream_id\":3,\"length\":5,"
                    "\"byte_length\":\"5\",\"frame\":{\"frame_type\":"
                    "\"settings\",\"settings\":[{\"name\":\"SETTINGS_QPACK_MAX_TABLE_CAPACITY\","
                    "\"value\":4096},{\"name\":\"SETTINGS_H3_DATAGRAM\",\"value\":1}]},"
                    "\"raw\":{\"length\":7,\"payload_length\":5}}\n"
                    "http:parameters_set {\"owner\":\"remote\",\"max_table_capacity\":4096,"
                    "\"h3_datagram\":1}\n");
}

static void test_request_and_response(fixture *f, gconstpointer unused)
{
    (void)unused;
    add_section(f, QL_QLOG_LOCAL, 0, ":method", "GET");
    ql_qlog_http3_bytes(f->http3, QL_QLOG_LOCAL, 0, BYTES(0x01, 0x01, 0xff));
    /* HEADERS and DATA come in one piece, and the fields only then. */
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 0,
                        BYTES(0x01, 0x02, 0xff, 0xff, 0x00, 0x03, 'a', 'b', 'c'));
    add_section(f, QL_QLOG_REMOTE, 0, ":status", "200");
    g_autofree char *text = written(f);
    g_assert_cmpstr(text, ==,
                    "http:stream_type_set "
                    "{\"owner\":\"local\",\"stream_id\":0,\"stream_type\":\"request\"}\n"
                    "http:frame_created {\"stream_id\":0,\"length\":1,"
                    "\"byte_length\":\"1\",\"frame\":{\"frame_type\":"
                    "\"headers\",\"headers\":[{\"name\":\":method\",\"value\":\"GET\"}]},"
                    "\"raw\":{\"length\":3,\"payload_length\":1}}\n"
                    "http:frame_parsed {\"stream_id\":0,\"length\":2,"
                    "\"byte_length\":\"2\",\"frame\":{\"frame_type\":"
                    "\"headers\",\"headers\":[{\"name\":\":status\",\"value\":\"200\"}]},"
                    "\"raw\":{\"length\":4,\"payload_length\":2}}\n"
                    "http:frame_parsed {\"stream_id\":0,\"length\":3,"
                    "\"byte_length\":\"3\",\"frame\":{\"frame_type\":"
                    "\"data\"},\"raw\":{\"length\":5,\"payload_length\":3}}\n");
}

static void test_other_frames(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 3, BYTES(0x00, 0x07, 0x01, 0x08));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 3, BYTES(0x21, 0x00, 0x0f, 0x01, 0xaa));
    g_autofree char *text = written(f);
    g_assert_nonnull(strstr(text, "{\"frame_type\":\"goaway\",\"id\":8}"));
    g_assert_nonnull(strstr(text, "{\"frame_type\":\"reserved\",\"length\":0}"));
    g_assert_nonnull(
        strstr(text, "{\"frame_type\":\"unknown\",\"raw_frame_type\":15,\"raw_length\":1}"));
}

static void test_priorities(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_http3_bytes(f->http3, QL_QLOG_LOCAL, 2, BYTES(0x00));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_LOCAL, 2,
                        BYTES(0x80, 0x0f, 0x07, 0x00, 0x04, 0x08, 'u', '=', '1'));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_LOCAL, 2, BYTES(0x80, 0x0f, 0x07, 0x01, 0x01, 0x05));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_LOCAL, 2, BYTES(0x80, 0x0f, 0x07, 0x00, 0x00));
    g_autofree char *text = written(f);
    g_assert_nonnull(strstr(text, "{\"frame_type\":\"priority_update\",\"stream_id\":8,"
                                  "\"priority_field_value\":\"u=1\",\"element_id\":8,"
                                  "\"value\":\"u=1\"}"));
    g_assert_nonnull(strstr(text, "{\"frame_type\":\"priority_update\",\"push_id\":5,"
                                  "\"priority_field_value\":\"\"}"));
    g_assert_nonnull(strstr(text, "{\"frame_type\":\"priority_update\",\"stream_id\":0,"
                                  "\"priority_field_value\":\"\",\"element_id\":0,"
                                  "\"value\":\"\"}"));
}

static void test_stream_types(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 2, BYTES(0x02, 0x3f, 0xe1, 0x1f));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 6, BYTES(0x03));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 10, BYTES(0x21, 0x00, 0x01));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 14, BYTES(0x40, 0x54, 0x00));
    ql_qlog_http3_bytes(f->http3, QL_QLOG_LOCAL, 15, BYTES(0x01, 0x05));
    g_autofree char *text = written(f);
    g_assert_cmpstr(text, ==,
                    "http:stream_type_set "
                    "{\"owner\":\"remote\",\"stream_id\":2,\"stream_type\":\"qpack_encode\"}\n"
                    "http:stream_type_set "
                    "{\"owner\":\"remote\",\"stream_id\":6,\"stream_type\":\"qpack_decode\"}\n"
                    "http:stream_type_set "
                    "{\"owner\":\"remote\",\"stream_id\":10,\"stream_type\":\"reserved\"}\n"
                    "http:stream_type_set {\"owner\":\"remote\",\"stream_id\":14,"
                    "\"stream_type\":\"unknown\",\"raw_stream_type\":84}\n"
                    "http:stream_type_set {\"owner\":\"local\",\"stream_id\":15,"
                    "\"stream_type\":\"push\",\"associated_push_id\":5}\n");
}

static void test_bytes_that_are_no_text(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 0, BYTES(0x01, 0x00));
    add_section(f, QL_QLOG_REMOTE, 0, "x", "\xff\"\n");
    g_autofree char *text = written(f);
    g_assert_nonnull(strstr(text, "\\\"\\n"));
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void test_a_stream_is_forgotten(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 0, BYTES(0x00, 0x09, 'a'));
    ql_qlog_http3_stream_closed(f->http3, 0);
    ql_qlog_http3_bytes(f->http3, QL_QLOG_REMOTE, 0, BYTES(0x07, 0x01, 0x01));
    g_autofree char *text = written(f);
    g_assert_nonnull(strstr(text, "goaway"));
    ql_qlog_http3_bytes(NULL, QL_QLOG_REMOTE, 0, BYTES(0x00));
    g_assert_null(ql_qlog_http3_new(NULL, false));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, server, test)                                                                    \
    g_test_add("/qlog_http3/" name, fixture, server, set_up, test, tear_down)
    ADD("settings are understood byte by byte", NULL, test_settings_in_single_bytes);
    ADD("frames keep their order, with their fields", NULL, test_request_and_response);
    ADD("other frames are named", NULL, test_other_frames);
    ADD("priorities are told", NULL, test_priorities);
    ADD("streams get their types", "server", test_stream_types);
    ADD("bytes that are no text become text", NULL, test_bytes_that_are_no_text);
    ADD("a stream that is closed is forgotten", NULL, test_a_stream_is_forgotten);
    return g_test_run();
}
