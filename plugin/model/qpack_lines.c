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

/* One copy of all names and values, each with a NUL; the first field's name owns it. */
static GArray *fields_of(const GArray *lines, size_t text_size)
{
    GArray *fields = g_array_sized_new(FALSE, FALSE, sizeof(ql_field), lines->len);
    char *text = lines->len == 0 ? NULL : g_malloc(text_size + 2u * lines->len);
    for (guint i = 0; i < lines->len; i++) {
        const nghttp3_qpack_nv *nv = &g_array_index(lines, nghttp3_qpack_nv, i);
        nghttp3_vec name = nghttp3_rcbuf_get_buf(nv->name);
        nghttp3_vec value = nghttp3_rcbuf_get_buf(nv->value);
        ql_field field = { .name_length = name.len, .value_length = value.len };
        field.name = text;
        memcpy(field.name, name.base, name.len);
        field.name[name.len] = '\0';
        field.value = text + name.len + 1;
        memcpy(field.value, value.base, value.len);
        field.value[value.len] = '\0';
        text = field.value + value.len + 1;
        g_array_append_val(fields, field);
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
            result = (ql_qpack_result){ .status = QL_QPACK_DECODED,
                                        .fields = fields_of(lines, text_size) };
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

GArray *ql_qpack_decode_static(ql_slice encoded)
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
