/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/message_rules.h"

#include "decoded_section.h"

#define USUAL ":method", "GET", ":scheme", "https", ":authority", "host", ":path", "/"

/* What breaks the rules in a header section. */
static void test_sections(void)
{
    static const struct {
        const char *rule;
        const char *fields[14];
        bool response, accepted;
    } cases[] = {
        { "usual", { USUAL, "accept", "*/*" }, false, true },
        { "host instead of :authority",
          { ":method", "GET", ":scheme", "https", ":path", "/", "host", "a" },
          false,
          true },
        { "CONNECT", { ":method", "CONNECT", ":authority", "host:443" }, false, true },
        { "extended CONNECT",
          { ":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/",
            ":authority", "host" },
          false,
          true },
        { "te: trailers", { USUAL, "te", "trailers" }, false, true },
        { "other schemes need no authority",
          { ":method", "GET", ":scheme", "urn", ":path", "" },
          false,
          true },
        { "no :method", { ":scheme", "https", ":authority", "a", ":path", "/" }, false, false },
        { "no :scheme", { ":method", "GET", ":authority", "a", ":path", "/" }, false, false },
        { "no :path", { ":method", "GET", ":scheme", "https", ":authority", "a" }, false, false },
        { "empty :path",
          { ":method", "GET", ":scheme", "https", ":authority", "a", ":path", "" },
          false,
          false },
        { "no authority", { ":method", "GET", ":scheme", "https", ":path", "/" }, false, false },
        { "empty authority",
          { ":method", "GET", ":scheme", "https", ":authority", "", ":path", "/" },
          false,
          false },
        { "authority and host differ", { USUAL, "host", "other" }, false, false },
        { "CONNECT with a path",
          { ":method", "CONNECT", ":authority", "a", ":path", "/" },
          false,
          false },
        { "CONNECT without authority", { ":method", "CONNECT" }, false, false },
        { ":protocol without CONNECT", { USUAL, ":protocol", "x" }, false, false },
        { "twice", { ":method", "GET", USUAL }, false, false },
        { "asterisk of OPTIONS",
          { ":method", "OPTIONS", ":scheme", "https", ":authority", "a", ":path", "*" },
          false,
          true },
        { "asterisk",
          { ":method", "GET", ":scheme", "https", ":authority", "a", ":path", "*" },
          false,
          false },
        { "path without its slash",
          { ":method", "GET", ":scheme", "https", ":authority", "a", ":path", "index" },
          false,
          false },
        { "userinfo",
          { ":method", "GET", ":scheme", "https", ":authority", "me@a", ":path", "/" },
          false,
          false },
        { "behind other fields",
          { "a", "b", ":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/" },
          false,
          false },
        { "unknown pseudo-header field", { USUAL, ":x", "y" }, false, false },
        { "status in a request", { USUAL, ":status", "200" }, false, false },
        { "upper case", { USUAL, "Accept", "x" }, false, false },
        { "blank in a name", { USUAL, "a b", "x" }, false, false },
        { "empty name", { USUAL, "", "x" }, false, false },
        { "line break in a value", { USUAL, "a", "x\ny" }, false, false },
        { "control character in a value", { USUAL, "a", "x\001y" }, false, false },
        { "tab in a value", { USUAL, "a", "x\ty" }, false, true },
        { "blank in front of a value", { USUAL, "a", " x" }, false, false },
        { "connection", { USUAL, "connection", "close" }, false, false },
        { "transfer-encoding", { USUAL, "transfer-encoding", "chunked" }, false, false },
        { "te", { USUAL, "te", "gzip" }, false, false },
        { "content-length", { USUAL, "content-length", "x" }, false, false },
        { "response", { ":status", "204" }, true, true },
        { "no :status", { "server", "x" }, true, false },
        { "two digits", { ":status", "20" }, true, false },
        { "no digits", { ":status", "2x0" }, true, false },
        { "101", { ":status", "101" }, true, false },
        { "method in a response", { ":status", "200", ":method", "GET" }, true, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ql_section *section = decoded_section(cases[i].fields);
        g_test_message("%s", cases[i].rule);
        section->kind = cases[i].response ? QL_SECTION_RESPONSE : QL_SECTION_REQUEST;
        g_autofree char *fault = ql_section_fault(section);
        g_assert_cmpint(fault == NULL, ==, cases[i].accepted);
        g_assert_true(fault == NULL || strstr(fault, "(RFC ") != NULL);
        ql_section_free(section);
    }
}

static void assert_trailers(const char *const *pairs, bool accepted)
{
    ql_section *section = decoded_section(pairs);
    section->kind = QL_SECTION_RESPONSE_TRAILERS;
    g_autofree char *fault = ql_section_fault(section);
    g_assert_cmpint(fault == NULL, ==, accepted);
    ql_section_free(section);
}

static void test_trailers(void)
{
    assert_trailers(FIELDS("checksum", "1"), true);
    assert_trailers(FIELDS(":status", "200"), false);
    assert_trailers(FIELDS(":path", "/"), false);
    assert_trailers(FIELDS("Checksum", "1"), false);
}

static void test_embedded_zero(void)
{
    ql_section *section = decoded_section(FIELDS(":status", "200", "ab", "cd"));
    section->kind = QL_SECTION_RESPONSE;
    ql_field *field = &section->fields->line[1];
    const char *before = field->value;
    field->value = "c\0";
    g_autofree char *value = ql_section_fault(section);
    g_assert_nonnull(value);
    field->value = before;
    field->name = "a\0";
    g_autofree char *name = ql_section_fault(section);
    g_assert_nonnull(name);
    ql_section_free(section);
}

static void assert_status(const char *text, unsigned expected)
{
    ql_section *section = decoded_section(FIELDS(":status", text));
    g_assert_cmpuint(ql_section_status(section), ==, expected);
    ql_section_free(section);
}

static void test_status(void)
{
    assert_status("200", 200);
    assert_status("999", 999);
    assert_status("099", 0);
    assert_status("20", 0);
    assert_status("2000", 0);
    assert_status("+20", 0);
    assert_status("", 0);
}

static void assert_length(const char *const *pairs, bool found, uint64_t expected)
{
    ql_section *section = decoded_section(pairs);
    uint64_t length = 0;
    g_assert_cmpint(ql_section_content_length(section, &length), ==, found);
    if (found)
        g_assert_cmpuint(length, ==, expected);
    ql_section_free(section);
}

static void test_content_length(void)
{
    assert_length(FIELDS("content-length", "12"), true, 12);
    assert_length(FIELDS("content-length", "12", "content-length", "12"), true, 12);
    assert_length(FIELDS("content-length", "12", "content-length", "13"), false, 0);
    assert_length(FIELDS("content-length", "-1"), false, 0);
    assert_length(FIELDS("content-length", "99999999999999999999"), false, 0);
    assert_length(FIELDS("content-type", "12"), false, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message_rules/header sections keep the rules", test_sections);
    g_test_add_func("/message_rules/trailers have no pseudo-header fields", test_trailers);
    g_test_add_func("/message_rules/a zero in the middle of a field is seen", test_embedded_zero);
    g_test_add_func("/message_rules/a status has three digits", test_status);
    g_test_add_func("/message_rules/content-length is one number", test_content_length);
    return g_test_run();
}
