/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_builder.h"

#include <string.h>

#include "model/key_schedule.h"
#include "quic_seal.h"

static quic_secret secret_of(const quic_ends *ends, ql_secret_label label)
{
    quic_secret secret = { .length = ql_suite_secret_length(ends->suite) };
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA384);
    gsize length = 48;
    uint8_t digest[48], name = (uint8_t)label;
    g_checksum_update(sum, ends->client_random, sizeof ends->client_random);
    g_checksum_update(sum, &name, 1);
    g_checksum_get_digest(sum, digest, &length);
    memcpy(secret.bytes, digest, secret.length);
    return secret;
}

static void put_hex(GString *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        g_string_append_printf(out, "%02x", bytes[i]);
}

char *quic_secret_line(const quic_ends *ends, ql_secret_label label)
{
    quic_secret secret = secret_of(ends, label);
    GString *line = g_string_new(ql_secret_label_name(label));
    g_string_append_c(line, ' ');
    put_hex(line, ends->client_random, sizeof ends->client_random);
    g_string_append_c(line, ' ');
    put_hex(line, secret.bytes, secret.length);
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

char *quic_secrets_text(const quic_ends *ends)
{
    GString *text = g_string_new(NULL);
    for (int label = 0; label < QL_SECRET_LABEL_COUNT; label++) {
        g_autofree char *line = quic_secret_line(ends, (ql_secret_label)label);
        g_string_append(text, line);
    }
    return g_string_free(text, FALSE);
}

static ql_cid cid_of_seed(unsigned seed, uint8_t kind)
{
    uint8_t bytes[8] = {
        kind, 0x51, (uint8_t)(seed >> 16), (uint8_t)(seed >> 8), (uint8_t)seed, 0x9d, 0x0e, kind
    };
    return ql_cid_of((ql_slice){ bytes, sizeof bytes });
}

ql_endpoint quic_endpoint(uint8_t last, uint16_t port)
{
    return (ql_endpoint){ .address = { 192, 0, 2, last }, .port = port, .family = 4 };
}

void quic_ends_init(quic_ends *ends, unsigned seed)
{
    *ends = (quic_ends){ .version = QL_VERSION_1,
                         .suite = QL_SUITE_AES_128_GCM,
                         .server_name = "example.org",
                         .alpn = "hq-interop",
                         .number_length = 2 };
    ends->original_dcid = ends->initial_dcid = cid_of_seed(seed, 0xd0);
    ends->id[QL_CLIENT] = cid_of_seed(seed, 0xc0);
    ends->id[QL_SERVER] = cid_of_seed(seed, 0x50);
    ends->destination[QL_CLIENT] = ends->original_dcid;
    ends->destination[QL_SERVER] = ends->id[QL_CLIENT];
    ends->at[QL_CLIENT] = quic_endpoint(1, (uint16_t)(50000 + seed % 10000));
    ends->at[QL_SERVER] = quic_endpoint(2, 443);
    for (unsigned i = 0; i < sizeof ends->client_random; i++)
        ends->client_random[i] = (uint8_t)(i * 11 + seed * 5 + (seed >> 8) * 3 + (seed >> 16));
    ends->client_random[0] = (uint8_t)seed;
    ends->client_random[1] = (uint8_t)(seed >> 8);
}

static unsigned space_of(ql_packet_type type)
{
    return type == QL_PACKET_INITIAL ? 0 : type == QL_PACKET_HANDSHAKE ? 1 : 2;
}

static quic_sealer sealer_of(const quic_ends *ends, ql_side sender, ql_packet_type type)
{
    quic_sealer sealer = { .version = ends->version, .suite = ends->suite };
    bool client = sender == QL_CLIENT;
    switch (type) {
    case QL_PACKET_INITIAL:
        sealer.suite = QL_SUITE_AES_128_GCM;
        sealer.secret.length = QL_INITIAL_SECRET_LENGTH;
        g_assert_true(ql_key_schedule_initial_secret(ends->version, &ends->initial_dcid, sender,
                                                     sealer.secret.bytes));
        break;
    case QL_PACKET_ZERO_RTT: sealer.secret = secret_of(ends, QL_SECRET_CLIENT_EARLY); break;
    case QL_PACKET_HANDSHAKE:
        sealer.secret =
            secret_of(ends, client ? QL_SECRET_CLIENT_HANDSHAKE : QL_SECRET_SERVER_HANDSHAKE);
        break;
    case QL_PACKET_ONE_RTT:
        sealer.secret =
            secret_of(ends, client ? QL_SECRET_CLIENT_TRAFFIC : QL_SECRET_SERVER_TRAFFIC);
        sealer.updates = ends->updates[sender];
        break;
    case QL_PACKET_RETRY:
    case QL_PACKET_VERSION_NEGOTIATION:
    case QL_PACKET_TYPE_COUNT: g_assert_not_reached();
    }
    return sealer;
}

/* RFC 9000, 17.2; RFC 9369, 3.2. */
static uint8_t first_of_long(uint32_t version, ql_packet_type type)
{
    unsigned code = type == QL_PACKET_INITIAL     ? 0
                    : type == QL_PACKET_ZERO_RTT  ? 1
                    : type == QL_PACKET_HANDSHAKE ? 2
                                                  : 3;
    if (version == QL_VERSION_2)
        code = (code + 1) % 4;
    return (uint8_t)(0xc0 | code << 4);
}

static void put_long_header(GByteArray *out, const quic_ends *ends, ql_side sender, uint8_t first)
{
    quic_put_number(out, first, 1);
    quic_put_number(out, ends->version, 4);
    quic_put_cid(out, &ends->destination[sender]);
    quic_put_cid(out, &ends->id[sender]);
}

static GByteArray *header_of(const quic_ends *ends, ql_side sender, ql_packet_type type,
                             size_t payload, uint64_t number)
{
    GByteArray *header = quic_bytes();
    uint8_t low = (uint8_t)(ends->number_length - 1);
    if (type == QL_PACKET_ONE_RTT) {
        unsigned phase = ends->updates[sender] % 2;
        quic_put_number(header, (ends->clears_fixed_bit ? 0u : 0x40u) | phase << 2 | low, 1);
        quic_put(header, ends->destination[sender].bytes, ends->destination[sender].length);
    } else {
        put_long_header(header, ends, sender, first_of_long(ends->version, type) | low);
        if (type == QL_PACKET_INITIAL) {
            ql_slice token = sender == QL_CLIENT ? ends->token : (ql_slice){ 0 };
            quic_put(quic_put_varint(header, token.length), token.data, token.length);
        }
        size_t length = ends->number_length + payload + QL_AEAD_TAG_LENGTH;
        quic_put_number(header, 0x4000u | length, 2);
    }
    return quic_put_number(header, number, ends->number_length);
}

GByteArray *quic_put_packet(GByteArray *out, quic_ends *ends, ql_side sender, ql_packet_type type,
                            GByteArray *frames)
{
    uint64_t number = ends->next_number[space_of(type)][sender]++;
    quic_sealer sealer = sealer_of(ends, sender, type);
    if (frames->len < 4) /* room for the sample (RFC 9001, 5.4.2) */
        quic_put_padding(frames, 4 - frames->len);
    g_autoptr(GByteArray) header = header_of(ends, sender, type, frames->len, number);
    quic_seal(out, &sealer, quic_slice(header), ends->number_length, number, quic_slice(frames));
    g_byte_array_free(frames, TRUE);
    return out;
}

GByteArray *quic_packet(quic_ends *ends, ql_side sender, ql_packet_type type, GByteArray *frames)
{
    return quic_put_packet(quic_bytes(), ends, sender, type, frames);
}

GByteArray *quic_packet_of_size(quic_ends *ends, ql_side sender, ql_packet_type type, size_t size,
                                GByteArray *frames)
{
    g_autoptr(GByteArray) header = header_of(ends, sender, type, 0, 0);
    size_t around = header->len + QL_AEAD_TAG_LENGTH;
    g_assert_cmpuint(around + frames->len, <=, size);
    quic_put_padding(frames, size - around - frames->len);
    return quic_packet(ends, sender, type, frames);
}

GByteArray *quic_one_rtt(quic_ends *ends, ql_side sender, GByteArray *frames)
{
    return quic_packet(ends, sender, QL_PACKET_ONE_RTT, frames);
}

GByteArray *quic_put_retry(GByteArray *out, const quic_ends *ends, const ql_cid *retry_id,
                           ql_slice token)
{
    guint start = out->len;
    quic_put_number(out, first_of_long(ends->version, QL_PACKET_RETRY), 1);
    quic_put_number(out, ends->version, 4);
    quic_put_cid(out, &ends->id[QL_CLIENT]);
    quic_put_cid(out, retry_id);
    quic_put(out, token.data, token.length);
    quic_seal_retry(out, start, ends->version, &ends->original_dcid);
    return out;
}

GByteArray *quic_put_version_negotiation(GByteArray *out, const quic_ends *ends, uint32_t offered)
{
    quic_put_number(out, 0x80, 1);
    quic_put_number(out, 0, 4);
    quic_put_cid(out, &ends->id[QL_CLIENT]);
    quic_put_cid(out, &ends->destination[QL_CLIENT]);
    return quic_put_number(out, offered, 4);
}

static GByteArray *parameters_of(const quic_ends *ends, ql_side side)
{
    GByteArray *out = quic_put_cid_parameter(quic_bytes(), 0x0f, &ends->id[side]);
    if (side == QL_SERVER)
        quic_put_cid_parameter(out, 0x00, &ends->original_dcid);
    if (side == QL_SERVER && ends->retried)
        quic_put_cid_parameter(out, 0x10, &ends->retry_id);
    return quic_put(out, ends->more_parameters[side].data, ends->more_parameters[side].length);
}

GByteArray *quic_client_hello(quic_ends *ends)
{
    g_autoptr(GByteArray) parameters = parameters_of(ends, QL_CLIENT), hello = quic_bytes();
    quic_put_client_hello(hello, ends->client_random, ends->server_name, ends->alpn,
                          ends->offers_early_data, quic_slice(parameters));
    return quic_packet_of_size(ends, QL_CLIENT, QL_PACKET_INITIAL, 1200,
                               quic_put_crypto(quic_bytes(), 0, quic_slice(hello)));
}

GByteArray *quic_server_initial(quic_ends *ends)
{
    g_autoptr(GByteArray) hello =
        quic_put_server_hello(quic_bytes(), (uint16_t)(0x1301 + ends->suite));
    GByteArray *frames = quic_put_ack(quic_bytes(), 0, 0);
    return quic_packet(ends, QL_SERVER, QL_PACKET_INITIAL,
                       quic_put_crypto(frames, 0, quic_slice(hello)));
}

GByteArray *quic_server_handshake(quic_ends *ends)
{
    g_autoptr(GByteArray) parameters = parameters_of(ends, QL_SERVER), text = quic_bytes();
    quic_put_encrypted_extensions(text, ends->alpn, ends->accepts_early_data,
                                  quic_slice(parameters));
    quic_put_finished(text, 32);
    return quic_packet(ends, QL_SERVER, QL_PACKET_HANDSHAKE,
                       quic_put_crypto(quic_bytes(), 0, quic_slice(text)));
}

GByteArray *quic_server_flight(quic_ends *ends)
{
    GByteArray *datagram = quic_server_initial(ends);
    quic_join(datagram, quic_server_handshake(ends));
    ends->destination[QL_CLIENT] = ends->id[QL_SERVER];
    return datagram;
}

GByteArray *quic_client_finished(quic_ends *ends)
{
    g_autoptr(GByteArray) finished = quic_put_finished(quic_bytes(), 32);
    GByteArray *datagram =
        quic_packet(ends, QL_CLIENT, QL_PACKET_INITIAL, quic_put_ack(quic_bytes(), 0, 0));
    GByteArray *frames = quic_put_ack(quic_bytes(), 0, 0);
    return quic_put_packet(datagram, ends, QL_CLIENT, QL_PACKET_HANDSHAKE,
                           quic_put_crypto(frames, 0, quic_slice(finished)));
}
