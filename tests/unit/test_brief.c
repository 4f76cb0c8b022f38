/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/brief.h"

#include "reports/text.h"

static ql_exchange *exchange(const char *method, const char *path)
{
    ql_exchange *made = ql_exchange_new(0, 0);
    made->method = method;
    made->path = path;
    return made;
}

static void assert_section(const ql_exchange *of, ql_section_kind kind, uint16_t status,
                           uint32_t frame, const char *expected)
{
    ql_section section = { .kind = kind, .status = status, .decoded = { .frame = frame } };
    ql_event event = { .kind = QL_EVENT_SECTION, .section = { of, &section } };
    char *text = ql_brief_message(&event);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void assert_end(const ql_exchange *of, bool response, const char *expected)
{
    ql_event event = { .kind = QL_EVENT_END, .end = { of, response } };
    char *text = ql_brief_message(&event);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_exchange(void)
{
    ql_exchange *e = exchange("GET", "/a");
    e->status = 200;
    e->response.complete = true;
    e->response.body_size = 12345;
    e->response.last.frame = 9;
    assert_section(e, QL_SECTION_REQUEST, 0, 1, "GET /a");
    assert_end(e, false, NULL);
    assert_section(e, QL_SECTION_INFORMATIONAL, 103, 2, "103 /a");
    assert_section(e, QL_SECTION_RESPONSE, 200, 3, "200 /a");
    assert_section(e, QL_SECTION_RESPONSE_TRAILERS, 0, 9, NULL);
    assert_end(e, true, "200 /a 12.3 kB");
    ql_exchange_free(e);
}

static void test_reset_without_status(void)
{
    ql_exchange *e = exchange("GET", "/late");
    e->response.reset = true;
    assert_end(e, true, "? /late reset");
    ql_exchange_free(e);
}

static void test_one_frame(void)
{
    ql_exchange *e = exchange("POST", "/form");
    e->status = 204;
    e->request.complete = e->response.complete = true;
    e->request.body_size = 3;
    e->request.last.frame = e->response.last.frame = 4;
    assert_section(e, QL_SECTION_REQUEST, 0, 4, NULL);
    assert_end(e, false, "POST /form 3 B");
    assert_section(e, QL_SECTION_RESPONSE, 204, 4, "204 /form");
    assert_end(e, true, NULL);
    ql_exchange_free(e);
}

static void test_reset(void)
{
    ql_exchange *e = exchange("GET", "/long");
    e->status = 200;
    e->response.reset = true;
    e->response.body_size = 7000;
    assert_end(e, true, "200 /long reset");
    ql_exchange_free(e);
}

static void test_targets(void)
{
    ql_exchange *e = exchange("CONNECT", NULL);
    e->authority = "proxy:443";
    assert_section(e, QL_SECTION_REQUEST, 0, 1, "CONNECT proxy:443");
    e->authority = NULL;
    assert_section(e, QL_SECTION_REQUEST, 0, 1, "CONNECT ?");
    e->path = "/\x1b[31m\n";
    assert_section(e, QL_SECTION_PROMISE, 0, 1, "PUSH /\ufffd[31m\ufffd");
    ql_exchange_free(e);
}

static void assert_change(const ql_event *event, const char *expected)
{
    char *text = ql_brief_change(event);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_changes(void)
{
    const ql_cid_entry from = { .issuer = QL_SERVER, .has_sequence = true, .sequence = 0 };
    const ql_cid_entry to = { .issuer = QL_SERVER, .has_sequence = true, .sequence = 6 };
    const ql_path path = { .id = 1 };
    ql_event event = { .kind = QL_EVENT_CID, .cid = { .cid = &to, .previous = &from } };
    event.cid.kind = QL_CID_SWITCHED;
    assert_change(&event, "server ID 0 \u2192 6");
    event.cid.kind = QL_CID_ISSUED;
    assert_change(&event, NULL);
    event = (ql_event){ .kind = QL_EVENT_PATH, .path = { .path = &path } };
    event.path.kind = QL_PATH_CHALLENGE;
    assert_change(&event, "PATH_CHALLENGE");
    event.path.kind = QL_PATH_MIGRATED;
    assert_change(&event, "path 1 migrated");
}

static void test_sizes(void)
{
    const struct {
        uint64_t count;
        const char *text;
    } sizes[] = {
        { 0, "0 B" },          { 999, "999 B" },       { 1000, "1.00 kB" },
        { 12345, "12.3 kB" },  { 99950, "100 kB" },    { 999499, "999 kB" },
        { 999500, "1.00 MB" }, { 1048576, "1.05 MB" }, { UINT64_MAX, "18.4 EB" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        char *text = ql_text_size(sizes[i].count);
        g_assert_cmpstr(text, ==, sizes[i].text);
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/brief/a status that is not known is not told", test_reset_without_status);
    g_test_add_func("/brief/an exchange is told by its sections and its size", test_exchange);
    g_test_add_func("/brief/a message on one frame is told once", test_one_frame);
    g_test_add_func("/brief/a reset is told", test_reset);
    g_test_add_func("/brief/targets are safe to print, and never missing", test_targets);
    g_test_add_func("/brief/changes of IDs and paths are told", test_changes);
    g_test_add_func("/brief/sizes have three digits", test_sizes);
    return g_test_run();
}
