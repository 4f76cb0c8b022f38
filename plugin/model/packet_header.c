/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/packet_header.h"

#include "model/reader.h"

#define FORM_LONG 0x80
#define FIXED_BIT 0x40

#define DRAFT_29 0xff00001du
#define DRAFT_34 0xff000022u

#define PN_LENGTH_MAX  4  /* RFC 9001, 5.4.2: the sample lies behind a packet number of 4 bytes */
#define SAMPLE_LENGTH  16 /* also that of the authentication tag (RFC 9001, 5.3) */
#define RETRY_TAG_SIZE 16

bool ql_version_is_known(uint32_t version)
{
    return version == QL_VERSION_1 || version == QL_VERSION_2 ||
           (version >= DRAFT_29 && version <= DRAFT_34);
}

const char *ql_packet_type_name(ql_packet_type type)
{
    static const char *const names[QL_PACKET_TYPE_COUNT] = {
        [QL_PACKET_INITIAL] = "Initial",
        [QL_PACKET_ZERO_RTT] = "0-RTT",
        [QL_PACKET_HANDSHAKE] = "Handshake",
        [QL_PACKET_RETRY] = "Retry",
        [QL_PACKET_ONE_RTT] = "1-RTT",
        [QL_PACKET_VERSION_NEGOTIATION] = "Version Negotiation",
    };

    g_assert(type < QL_PACKET_TYPE_COUNT);
    return names[type];
}

/* RFC 9000, 17.2; RFC 9369, 3.2. */
static ql_packet_type long_type(uint32_t version, uint8_t first)
{
    static const ql_packet_type types[] = {
        QL_PACKET_INITIAL,
        QL_PACKET_ZERO_RTT,
        QL_PACKET_HANDSHAKE,
        QL_PACKET_RETRY,
    };
    unsigned code = first >> 4 & 3u;
    return types[version == QL_VERSION_2 ? (code + 3) % 4 : code];
}

bool ql_packet_is_long(ql_slice datagram)
{
    return datagram.length > 0 && (datagram.data[0] & FORM_LONG) != 0;
}

static ql_cid read_cid(ql_reader *reader)
{
    ql_slice bytes = ql_read_slice8(reader);
    if (bytes.length > QL_CID_MAX)
        reader->bad = true;
    return ql_cid_of(bytes);
}

/* RFC 9000, 17.2.1. */
static ql_header_status read_version_negotiation(ql_reader *reader, ql_packet_header *header)
{
    header->type = QL_PACKET_VERSION_NEGOTIATION;
    header->versions = ql_read_rest(reader);
    if (header->versions.length == 0 || header->versions.length % 4 != 0)
        return QL_HEADER_NOT_QUIC;
    return QL_HEADER_OK;
}

/* RFC 9000, 17.2.5. */
static ql_header_status read_retry(ql_reader *reader, ql_packet_header *header)
{
    size_t left = ql_reader_left(reader);
    if (left < RETRY_TAG_SIZE)
        return QL_HEADER_NOT_QUIC;
    header->token = ql_read_slice(reader, left - RETRY_TAG_SIZE);
    return QL_HEADER_OK;
}

/* The types with a length and a packet number: RFC 9000, 17.2.2 to 17.2.4. */
static ql_header_status read_protected(ql_reader *reader, ql_packet_header *header)
{
    if (header->type == QL_PACKET_INITIAL)
        header->token = ql_read_slice_varint(reader);
    uint64_t length = ql_read_varint(reader);
    if (reader->bad || length < PN_LENGTH_MAX + SAMPLE_LENGTH)
        return QL_HEADER_NOT_QUIC;

    header->pn_offset = (size_t)(reader->at - header->packet.data);
    header->cut = length > ql_reader_left(reader);
    if (!header->cut)
        header->packet.length = header->pn_offset + (size_t)length;
    return QL_HEADER_OK;
}

ql_header_status ql_packet_header_read_long(ql_slice datagram, ql_packet_header *out)
{
    ql_reader reader = ql_reader_of(datagram);
    ql_packet_header header = { .packet = datagram };
    ql_header_status status;

    uint8_t first = ql_read_u8(&reader);
    header.fixed_bit = (first & FIXED_BIT) != 0;
    header.version = ql_read_u32(&reader);
    header.dcid = read_cid(&reader);
    header.scid = read_cid(&reader);
    if (reader.bad || (first & FORM_LONG) == 0)
        return QL_HEADER_NOT_QUIC;

    if (header.version == 0) {
        status = read_version_negotiation(&reader, &header);
    } else if (!ql_version_is_known(header.version)) {
        header.packet = (ql_slice){ 0 };
        /* No other version is known to clear it, and other protocols often do. */
        status = header.fixed_bit ? QL_HEADER_UNKNOWN_VERSION : QL_HEADER_NOT_QUIC;
    } else {
        header.type = long_type(header.version, first);
        status = header.type == QL_PACKET_RETRY ? read_retry(&reader, &header)
                                                : read_protected(&reader, &header);
    }
    if (status != QL_HEADER_NOT_QUIC)
        *out = header;
    return status;
}

ql_header_status ql_packet_header_read_short(ql_slice datagram, size_t dcid_length,
                                             ql_packet_header *out)
{
    ql_reader reader = ql_reader_of(datagram);

    uint8_t first = ql_read_u8(&reader);
    ql_slice dcid = ql_read_slice(&reader, dcid_length);
    if (dcid_length > QL_CID_MAX || (first & FORM_LONG) != 0 ||
        ql_reader_left(&reader) < PN_LENGTH_MAX + SAMPLE_LENGTH)
        return QL_HEADER_NOT_QUIC;

    *out = (ql_packet_header){
        .type = QL_PACKET_ONE_RTT,
        .fixed_bit = (first & FIXED_BIT) != 0,
        .dcid = ql_cid_of(dcid),
        .packet = datagram,
        .pn_offset = 1 + dcid_length,
    };
    return QL_HEADER_OK;
}
