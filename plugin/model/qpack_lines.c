/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/qpack_lines.h"

ql_qpack_result ql_qpack_failed(const char *why)
{
    return (ql_qpack_result){ .status = QL_QPACK_FAILED, .why = why };
}

ql_qpack_result ql_qpack_over_limit(const char *why)
{
    return (ql_qpack_result){ .status = QL_QPACK_LIMIT, .why = why };
}

const char *ql_qpack_error_text(nghttp3_ssize code)
{
    if (code == NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE)
        return "a field name of more than 256 bytes or a value of more than 64 KiB";
    return "an instruction that cannot be read, or a reference to an entry that is not there";
}

/* nghttp3 ends each string with a NUL. The strings of its static table need no copy. */
static size_t copy_size(const nghttp3_rcbuf *string)
{
    return nghttp3_rcbuf_is_static(string) ? 0 : nghttp3_rcbuf_get_buf(string).len + 1;
}

static const char *copy_of(const nghttp3_rcbuf *string, char **texts, uint32_t *length)
{
    nghttp3_vec text = nghttp3_rcbuf_get_buf(string);
    size_t size = copy_size(string);
    *length = (uint32_t)text.len;
    if (size == 0)
        return (const char *)text.base;
    char *copy = memcpy(*texts, text.base, size);
    *texts += size;
    return copy;
}

static ql_field_lines *fields_of(const GArray *lines)
{
    size_t text_size = 0;
    for (guint i = 0; i < lines->len; i++) {
        const nghttp3_qpack_nv *nv = &g_array_index(lines, nghttp3_qpack_nv, i);
        text_size += copy_size(nv->name) + copy_size(nv->value);
    }
    char *texts;
    ql_field_lines *fields = ql_field_lines_new(lines->len, text_size, &texts);
    for (guint i = 0; i < lines->len; i++) {
        const nghttp3_qpack_nv *nv = &g_array_index(lines, nghttp3_qpack_nv, i);
        ql_field *field = &fields->line[i];
        field->name = copy_of(nv->name, &texts, &field->name_length);
        field->value = copy_of(nv->value, &texts, &field->value_length);
    }
    return fields;
}

static void line_clear(gpointer data)
{
    nghttp3_qpack_nv *nv = data;
    nghttp3_rcbuf_decref(nv->name);
    nghttp3_rcbuf_decref(nv->value);
}

ql_qpack_result ql_qpack_read_lines(nghttp3_qpack_decoder *decoder,
                                    nghttp3_qpack_stream_context *context, ql_slice rest,
                                    uint64_t *size)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(nghttp3_qpack_nv));
    g_array_set_clear_func(lines, line_clear);
    ql_qpack_result result = { .status = QL_QPACK_WAITS };
    size_t text_size = 0;
    while (result.status == QL_QPACK_WAITS) {
        nghttp3_qpack_nv nv;
        uint8_t flags = 0;
        nghttp3_ssize used = nghttp3_qpack_decoder_read_request(decoder, context, &nv, &flags,
                                                                rest.data, rest.length, 1);
        if (used < 0) {
            result = ql_qpack_failed(ql_qpack_error_text(used));
            break;
        }
        rest.data += used;
        rest.length -= (size_t)used;
        if (flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) {
            g_array_append_val(lines, nv);
            text_size += nghttp3_rcbuf_get_buf(nv.name).len + nghttp3_rcbuf_get_buf(nv.value).len;
            *size = text_size + (uint64_t)QL_QPACK_ENTRY_OVERHEAD * lines->len;
            if (*size > QL_QPACK_SECTION_MAX)
                result = ql_qpack_over_limit("a field section of more than 1 MiB");
        }
        if (flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL)
            result = (ql_qpack_result){ .status = QL_QPACK_DECODED, .fields = fields_of(lines) };
        else if (flags & NGHTTP3_QPACK_DECODE_FLAG_BLOCKED)
            result = ql_qpack_failed("a Required Insert Count that does not fit the table");
    }
    g_array_free(lines, TRUE);
    return result;
}

ql_qpack_result ql_qpack_decode_plain(ql_slice encoded, uint64_t *size)
{
    const nghttp3_mem *memory = nghttp3_mem_default();
    nghttp3_qpack_decoder *decoder = NULL;
    nghttp3_qpack_stream_context *context = NULL;
    ql_qpack_result result = ql_qpack_over_limit("out of memory");
    if (nghttp3_qpack_decoder_new(&decoder, 0, 0, memory) == 0 &&
        nghttp3_qpack_stream_context_new(&context, 0, memory) == 0)
        result = ql_qpack_read_lines(decoder, context, encoded, size);
    nghttp3_qpack_stream_context_del(context);
    nghttp3_qpack_decoder_del(decoder);
    return result;
}

ql_field_lines *ql_qpack_decode_static(ql_slice encoded)
{
    uint64_t size = 0;
    if (encoded.length == 0 || encoded.data[0] != 0)
        return NULL;
    return ql_qpack_decode_plain(encoded, &size).fields;
}

uint64_t ql_qpack_read_integer(ql_reader *reader, unsigned bits)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    uint64_t value = ql_read_u8(reader) & mask;
    if (value < mask)
        return value;
    for (unsigned shift = 0; shift <= 56; shift += 7) {
        uint8_t byte = ql_read_u8(reader);
        value += (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    reader->bad = true;
    return 0;
}

static void skip_string(ql_reader *reader, unsigned bits)
{
    ql_read_slice(reader, ql_qpack_read_integer(reader, bits));
}

/* Reads one field line. True when it refers to the dynamic table. */
static bool read_line(ql_reader *reader)
{
    uint8_t first = *reader->at;
    if (first & 0x80) { /* 1T: indexed */
        ql_qpack_read_integer(reader, 6);
        return (first & 0x40) == 0;
    }
    if (first & 0x40) { /* 01NT: literal with a name reference */
        ql_qpack_read_integer(reader, 4);
        skip_string(reader, 7);
        return (first & 0x10) == 0;
    }
    if (first & 0x20) { /* 001N: literal with a literal name */
        skip_string(reader, 3);
        skip_string(reader, 7);
        return false;
    }
    if (first & 0x10) { /* 0001: indexed, behind the base */
        ql_qpack_read_integer(reader, 4);
        return true;
    }
    ql_qpack_read_integer(reader, 3); /* 0000N: literal, its name behind the base */
    skip_string(reader, 7);
    return true;
}

ql_qpack_result ql_qpack_decode_part(ql_slice encoded, uint64_t *size)
{
    static const uint8_t prefix[] = { 0, 0 };
    ql_reader reader = ql_reader_of(encoded);
    GByteArray *part = g_byte_array_new();
    unsigned left_out = 0;
    g_byte_array_append(part, prefix, sizeof prefix);
    ql_qpack_read_integer(&reader, 8);
    ql_qpack_read_integer(&reader, 7);
    while (ql_reader_left(&reader) > 0) {
        const uint8_t *line = reader.at;
        if (read_line(&reader))
            left_out++;
        else if (!reader.bad)
            g_byte_array_append(part, line, (guint)(reader.at - line));
    }
    ql_qpack_result result = ql_qpack_failed("a field line that cannot be read");
    if (!reader.bad)
        result = ql_qpack_decode_plain((ql_slice){ part->data, part->len }, size);
    if (result.status == QL_QPACK_DECODED)
        result.status = QL_QPACK_PARTIAL;
    result.left_out = left_out;
    g_byte_array_free(part, TRUE);
    return result;
}
