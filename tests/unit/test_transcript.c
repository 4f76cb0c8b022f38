/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/transcript.h"

#include <string.h>

#include "decoded_section.h"

static ql_where at(uint32_t frame)
{
    return (ql_where){ .frame = frame, .time_ns = frame };
}

static ql_section *section(ql_section_kind kind, uint32_t frame, const char *const *texts)
{
    ql_section *made = decoded_section(texts);
    made->kind = kind;
    made->first = made->decoded = at(frame);
    return made;
}

static void section_free(gpointer section)
{
    ql_section_free(section);
}

static void add_content(ql_message *message, const void *bytes, size_t length, uint32_t frame)
{
    ql_body_budget budget = { .cap = 10000 };
    ql_where where = at(frame);
    ql_body_append(&message->body, &budget, (ql_slice){ bytes, length }, &where);
    message->body_size += length;
    message->last = where;
}

static ql_exchange *exchange(const char *coding)
{
    const char *const request[] = { ":method", "POST", ":path", "/a", NULL };
    const char *const response[] = { ":status", "200", "content-encoding", coding, NULL };
    ql_exchange *made = ql_exchange_new(0, 0);
    ql_exchange_set_request(made, section(QL_SECTION_REQUEST, 1, request));
    made->response.headers = section(QL_SECTION_RESPONSE, 3, response);
    return made;
}

/* "1>text" and "2<text", a part a line. */
static void assert_transcript(const ql_exchange *of, const char *const *expected)
{
    GArray *parts = ql_transcript_of(of);
    for (guint i = 0; i < parts->len; i++, expected++) {
        const ql_transcript_part *part = &g_array_index(parts, ql_transcript_part, i);
        char *text =
            g_strdup_printf("%u%c%.*s", part->where.frame, part->sender == QL_CLIENT ? '>' : '<',
                            (int)part->bytes->len, (const char *)part->bytes->data);
        g_assert_cmpstr(text, ==, *expected);
        g_free(text);
    }
    g_assert_null(*expected);
    g_array_unref(parts);
}

static void test_fields_left_out(void)
{
    ql_exchange *of = exchange("br");
    of->request.headers->left_out = 1;
    const char *const expected[] = {
        "1>:method: POST\n:path: /a\n[1 field is left out: the QPACK table was not captured]\n\n",
        "3<:status: 200\ncontent-encoding: br\n\n", NULL
    };
    assert_transcript(of, expected);
    ql_exchange_free(of);
}

#define REQUEST          "1>:method: POST\n:path: /a\n\n"
#define RESPONSE(coding) "3<:status: 200\ncontent-encoding: " coding "\n\n"

static void test_order(void)
{
    const char *const hints[] = { ":status", "103", NULL }, *const trailers[] = { "x", "y", NULL };
    const char *const expected[] = { REQUEST,
                                     "2>abc",
                                     "2<:status: 103\n\n",
                                     RESPONSE("identity"),
                                     "4>def",
                                     "4<one",
                                     "5<two",
                                     "5<x: y\n\n",
                                     NULL };
    ql_exchange *e = exchange("identity");
    e->informational = g_ptr_array_new_with_free_func(section_free);
    g_ptr_array_add(e->informational, section(QL_SECTION_INFORMATIONAL, 2, hints));
    add_content(&e->request, "abc", 3, 2);
    add_content(&e->request, "def", 3, 4);
    add_content(&e->response, "one", 3, 4);
    add_content(&e->response, "two", 3, 5);
    e->response.trailers = section(QL_SECTION_RESPONSE_TRAILERS, 5, trailers);
    assert_transcript(e, expected);
    ql_exchange_free(e);
}

/* "hello" as a bare deflate block that is not compressed (RFC 1951, 3.2.4). */
static const uint8_t stored[] = { 0x01, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o' };

static void test_coding(void)
{
    const char *const expected[] = { REQUEST, RESPONSE("deflate"), "4<he", "5<llo", NULL };
    ql_exchange *e = exchange("deflate");
    add_content(&e->response, stored, 7, 4);
    add_content(&e->response, stored + 7, 3, 5);
    assert_transcript(e, expected);
    ql_exchange_free(e);
}

static void test_cut_coding(void)
{
    const char *const expected[] = { REQUEST, RESPONSE("deflate"), "4<he",
                                     "4<\n[the content is cut off within its content coding]\n",
                                     NULL };
    ql_exchange *e = exchange("deflate");
    add_content(&e->response, stored, 7, 4);
    assert_transcript(e, expected);
    ql_exchange_free(e);
}

static void test_not_kept(void)
{
    const char *const expected[] = { REQUEST, RESPONSE("br"),
                                     "9<\n[not kept: 1,000 bytes of content]\n", NULL };
    ql_exchange *e = exchange("br");
    e->response.body_size = 1000;
    e->response.last = at(9);
    assert_transcript(e, expected);
    ql_exchange_free(e);
}

static void test_without_response(void)
{
    const char *const request[] = { ":method", "GET", NULL };
    const char *const expected[] = { "7>:method: GET\n\n", NULL };
    ql_exchange *e = ql_exchange_new(0, 0);
    ql_exchange_set_request(e, section(QL_SECTION_REQUEST, 7, request));
    assert_transcript(e, expected);
    ql_exchange_free(e);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transcript/fields that cannot be read are counted", test_fields_left_out);
    g_test_add_func("/transcript/both directions are in the order of their frames", test_order);
    g_test_add_func("/transcript/content codings are undone, frame by frame", test_coding);
    g_test_add_func("/transcript/it tells where a coding is cut off", test_cut_coding);
    g_test_add_func("/transcript/it tells what is not kept", test_not_kept);
    g_test_add_func("/transcript/a request may stand alone", test_without_response);
    return g_test_run();
}
