/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram taken apart as long as there are packets, each tried with keys. */
#include "fuzz.h"
#include "model/packet_protection.h"

static void check(ql_slice datagram, const ql_packet_header *header)
{
    assert_within(header->packet, datagram);
    assert_within(header->token, header->packet);
    assert_within(header->versions, header->packet);
    g_assert(header->dcid.length <= QL_CID_MAX && header->scid.length <= QL_CID_MAX);
    g_assert(header->pn_offset <= header->packet.length);
}

static void try_to_open(const ql_packet_header *header)
{
    ql_unmasked unmasked;
    ql_slice payload;
    uint32_t version = header->version != 0 ? header->version : QL_VERSION_1;
    ql_packet_keys *keys = ql_packet_keys_new_initial(version, &header->dcid, QL_CLIENT);
    g_autofree uint8_t *scratch = g_malloc(header->packet.length);

    if (keys != NULL && ql_packet_unmask(keys, header, &unmasked) &&
        ql_packet_open(keys, header, &unmasked, unmasked.truncated_pn, scratch, &payload))
        assert_within(payload, (ql_slice){ scratch, header->packet.length });
    if (header->type == QL_PACKET_RETRY)
        ql_retry_is_authentic(header, &header->scid);
    ql_packet_keys_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_slice datagram = { data, size };
    ql_packet_header header;

    for (size_t length = 0; length <= QL_CID_MAX + 1; length++)
        if (ql_packet_header_read_short(datagram, length, &header) == QL_HEADER_OK)
            check(datagram, &header);

    while (ql_packet_is_long(datagram)) {
        ql_header_status status = ql_packet_header_read_long(datagram, &header);
        if (status != QL_HEADER_OK)
            break;
        check(datagram, &header);
        g_assert(header.packet.length > 0);
        try_to_open(&header);
        datagram.data += header.packet.length;
        datagram.length -= header.packet.length;
    }
    return 0;
}
