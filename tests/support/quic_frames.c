/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_frames.h"

#include <string.h>

GByteArray *quic_bytes(void)
{
    return g_byte_array_new();
}

GByteArray *quic_copy(const GByteArray *bytes)
{
    return quic_put(quic_bytes(), bytes->data, bytes->len);
}

ql_slice quic_slice(const GByteArray *bytes)
{
    return (ql_slice){ bytes->data, bytes->len };
}

GByteArray *quic_join(GByteArray *a, GByteArray *b)
{
    quic_put(a, b->data, b->len);
    g_byte_array_free(b, TRUE);
    return a;
}

GByteArray *quic_put(GByteArray *out, const void *bytes, size_t length)
{
    return length == 0 ? out : g_byte_array_append(out, bytes, (guint)length);
}

GByteArray *quic_put_hex(GByteArray *out, const char *hex)
{
    for (; hex[0] != '\0'; hex += 2) {
        int high = g_ascii_xdigit_value(hex[0]), low = g_ascii_xdigit_value(hex[1]);
        g_assert_true(high >= 0 && low >= 0);
        quic_put_number(out, (uint64_t)(high << 4 | low), 1);
    }
    return out;
}

ql_cid quic_cid(const char *hex)
{
    g_autoptr(GByteArray) bytes = quic_put_hex(quic_bytes(), hex);
    return ql_cid_of(quic_slice(bytes));
}

GByteArray *quic_put_number(GByteArray *out, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(value >> (8 * bytes));
        quic_put(out, &byte, 1);
    }
    return out;
}

GByteArray *quic_put_varint(GByteArray *out, uint64_t value)
{
    unsigned code = value < 1u << 6 ? 0 : value < 1u << 14 ? 1 : value < 1u << 30 ? 2 : 3;
    unsigned bytes = 1u << code;
    return quic_put_number(out, value | (uint64_t)code << (8 * bytes - 2), bytes);
}

GByteArray *quic_put_cid(GByteArray *out, const ql_cid *cid)
{
    quic_put_number(out, cid->length, 1);
    return quic_put(out, cid->bytes, cid->length);
}

GByteArray *quic_put_padding(GByteArray *out, size_t length)
{
    guint before = out->len;
    g_byte_array_set_size(out, before + (guint)length);
    if (length > 0)
        memset(out->data + before, 0, length);
    return out;
}

GByteArray *quic_put_ping(GByteArray *out)
{
    return quic_put_varint(out, 0x01);
}

GByteArray *quic_put_ack(GByteArray *out, uint64_t first, uint64_t last)
{
    quic_put_varint(out, 0x02);
    quic_put_varint(out, last);
    quic_put_varint(out, 0); /* delay */
    quic_put_varint(out, 0); /* further ranges */
    return quic_put_varint(out, last - first);
}

GByteArray *quic_put_crypto(GByteArray *out, uint64_t offset, ql_slice data)
{
    quic_put_varint(out, 0x06);
    quic_put_varint(out, offset);
    quic_put_varint(out, data.length);
    return quic_put(out, data.data, data.length);
}

GByteArray *quic_put_stream(GByteArray *out, uint64_t id, uint64_t offset, const char *text,
                            bool fin)
{
    quic_put_varint(out, fin ? 0x0f : 0x0e);
    quic_put_varint(out, id);
    quic_put_varint(out, offset);
    quic_put_varint(out, strlen(text));
    return quic_put(out, text, strlen(text));
}

void quic_reset_token(const ql_cid *cid, uint8_t token[16])
{
    for (unsigned i = 0; i < 16; i++)
        token[i] = (uint8_t)(0xa0 + i + cid->bytes[i % QL_CID_MAX] * 7u);
}

GByteArray *quic_put_new_cid(GByteArray *out, uint64_t sequence, uint64_t retire_prior_to,
                             const ql_cid *cid)
{
    uint8_t token[16];
    quic_reset_token(cid, token);
    quic_put_varint(out, 0x18);
    quic_put_varint(out, sequence);
    quic_put_varint(out, retire_prior_to);
    quic_put_cid(out, cid);
    return quic_put(out, token, sizeof token);
}

GByteArray *quic_put_retire_cid(GByteArray *out, uint64_t sequence)
{
    return quic_put_varint(quic_put_varint(out, 0x19), sequence);
}

GByteArray *quic_put_challenge(GByteArray *out, uint64_t data)
{
    return quic_put_number(quic_put_varint(out, 0x1a), data, 8);
}

GByteArray *quic_put_response(GByteArray *out, uint64_t data)
{
    return quic_put_number(quic_put_varint(out, 0x1b), data, 8);
}

GByteArray *quic_put_close(GByteArray *out, bool application, uint64_t error, const char *reason)
{
    quic_put_varint(out, application ? 0x1d : 0x1c);
    quic_put_varint(out, error);
    if (!application)
        quic_put_varint(out, 0); /* frame type */
    quic_put_varint(out, strlen(reason));
    return quic_put(out, reason, strlen(reason));
}

GByteArray *quic_put_handshake_done(GByteArray *out)
{
    return quic_put_varint(out, 0x1e);
}

GByteArray *quic_put_parameter(GByteArray *out, uint64_t id, ql_slice value)
{
    quic_put_varint(quic_put_varint(out, id), value.length);
    return quic_put(out, value.data, value.length);
}

GByteArray *quic_put_number_parameter(GByteArray *out, uint64_t id, uint64_t value)
{
    g_autoptr(GByteArray) bytes = quic_put_varint(quic_bytes(), value);
    return quic_put_parameter(out, id, quic_slice(bytes));
}

GByteArray *quic_put_cid_parameter(GByteArray *out, uint64_t id, const ql_cid *cid)
{
    return quic_put_parameter(out, id, (ql_slice){ cid->bytes, cid->length });
}

GByteArray *quic_put_preferred_address(GByteArray *out, const ql_endpoint *v4, const ql_cid *cid)
{
    g_autoptr(GByteArray) value = quic_put(quic_bytes(), v4->address, 4);
    uint8_t token[16];
    quic_put_number(value, v4->port, 2);
    quic_put_padding(value, 18); /* no IPv6 address */
    quic_put_cid(value, cid);
    quic_reset_token(cid, token);
    quic_put(value, token, sizeof token);
    return quic_put_parameter(out, 0x0d, quic_slice(value));
}

static GByteArray *put_message(GByteArray *out, uint8_t type, GByteArray *body)
{
    quic_put_number(out, type, 1);
    quic_put_number(out, body->len, 3);
    return quic_join(out, body);
}

static void put_extension(GByteArray *list, uint16_t type, GByteArray *body)
{
    quic_put_number(list, type, 2);
    quic_put_number(list, body->len, 2);
    quic_join(list, body);
}

/* RFC 7301, 3.1: a list of one name. */
static void put_alpn(GByteArray *list, const char *alpn)
{
    size_t length = strlen(alpn);
    if (length == 0)
        return;
    GByteArray *body = quic_put_number(quic_bytes(), length + 1, 2);
    put_extension(list, 16, quic_put(quic_put_number(body, length, 1), alpn, length));
}

static void put_server_name(GByteArray *list, const char *name)
{
    size_t length = strlen(name);
    GByteArray *body = quic_put_number(quic_bytes(), length + 3, 2);
    quic_put_number(body, 0, 1); /* host name */
    put_extension(list, 0, quic_put(quic_put_number(body, length, 2), name, length));
}

static void put_parameters(GByteArray *list, ql_slice parameters)
{
    put_extension(list, 0x39, quic_put(quic_bytes(), parameters.data, parameters.length));
}

static GByteArray *put_list(GByteArray *out, GByteArray *list)
{
    return quic_join(quic_put_number(out, list->len, 2), list);
}

GByteArray *quic_put_client_hello(GByteArray *out, const uint8_t random[32], const char *name,
                                  const char *alpn, bool early_data, ql_slice parameters)
{
    GByteArray *body = quic_put(quic_put_number(quic_bytes(), 0x0303, 2), random, 32);
    GByteArray *list = quic_bytes();
    quic_put_hex(body, "00"       /* session ID */
                       "00021301" /* suites */
                       "0100");   /* compression */
    put_server_name(list, name);
    put_alpn(list, alpn);
    put_parameters(list, parameters);
    if (early_data)
        put_extension(list, 42, quic_bytes());
    return put_message(out, 1, put_list(body, list));
}

GByteArray *quic_put_server_hello(GByteArray *out, uint16_t suite)
{
    GByteArray *body = quic_put_padding(quic_put_number(quic_bytes(), 0x0303, 2), 32);
    quic_put_hex(body, "00");
    quic_put_number(body, suite, 2);
    quic_put_hex(body, "00");
    return put_message(out, 2, put_list(body, quic_bytes()));
}

GByteArray *quic_put_encrypted_extensions(GByteArray *out, const char *alpn, bool early_data,
                                          ql_slice parameters)
{
    GByteArray *list = quic_bytes();
    put_alpn(list, alpn);
    put_parameters(list, parameters);
    if (early_data)
        put_extension(list, 42, quic_bytes());
    return put_message(out, 8, put_list(quic_bytes(), list));
}

GByteArray *quic_put_finished(GByteArray *out, size_t length)
{
    return put_message(out, 20, quic_put_padding(quic_bytes(), length));
}
