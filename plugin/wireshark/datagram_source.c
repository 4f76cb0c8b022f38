/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/datagram_source.h"

#include <string.h>

#define UDP_HEADER_LENGTH 8
#define HEADERS_MAX       256 /* bytes in which an IP header is looked for */

/* A postdissector that wants a field is given a tree with it on the first pass. That costs a few
 * microseconds a packet, each further field another one; a tree of everything would cost twenty. */
void ql_datagram_source_init(ql_datagram_source *source, dissector_handle_t postdissector)
{
    source->udp_length = proto_registrar_get_id_byname("udp.length");
    source->icmp = proto_get_id_by_filter_name("icmp");
    source->icmpv6 = proto_get_id_by_filter_name("icmpv6");

    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(wanted, source->udp_length);
    set_postdissector_wanted_hfids(postdissector, wanted); /* which owns it now */
}

/* The last, and so innermost, occurrence of a field; NULL when there is none. */
static field_info *last_field(proto_tree *tree, int field)
{
    GPtrArray *found = proto_get_finfo_ptr_array(tree, field);
    return found != NULL && found->len > 0 ? g_ptr_array_index(found, found->len - 1) : NULL;
}

static bool endpoint_of(const address *from, uint32_t port, ql_endpoint *out)
{
    memset(out, 0, sizeof *out);
    out->port = (uint16_t)port;
    out->family = from->type == AT_IPv4 ? 4 : from->type == AT_IPv6 ? 6 : 0;
    int length = out->family == 4 ? 4 : 16;
    if (out->family == 0 || from->len != length)
        return false;
    memcpy(out->address, from->data, (size_t)length);
    return true;
}

/* An ICMP error quotes the start of a datagram that went the other way, and earlier. */
static bool is_quoted(const ql_datagram_source *source, const packet_info *pinfo)
{
    for (wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer != NULL;
         layer = wmem_list_frame_next(layer)) {
        int protocol = GPOINTER_TO_INT(wmem_list_frame_data(layer));
        if (protocol == source->icmp || protocol == source->icmpv6)
            return true;
    }
    return false;
}

/* Whether an IP header with the frame's innermost addresses stands there. */
static bool header_fits(const uint8_t *header, const packet_info *pinfo)
{
    bool v4 = pinfo->src.type == AT_IPv4;
    if (header[0] >> 4 != (v4 ? 4 : 6))
        return false;
    const uint8_t *source = header + (v4 ? 12 : 8);
    size_t size = v4 ? 4 : 16;
    return memcmp(source, pinfo->src.data, size) == 0 &&
           memcmp(source + size, pinfo->dst.data, size) == 0;
}

/* The nearest such header that ends at `end` or ahead of it, with options or extension headers
 * behind it, which are of `step` times as many bytes; NULL when there is none. */
static const uint8_t *header_ahead(tvbuff_t *tvb, int end, int step, const packet_info *pinfo)
{
    int least = pinfo->src.type == AT_IPv4 ? 20 : 40;
    for (int at = end - least; at >= 0 && at >= end - least - HEADERS_MAX; at -= step) {
        const uint8_t *header = tvb_get_ptr(tvb, at, least);
        if (header_fits(header, pinfo))
            return header;
    }
    return NULL;
}

/* Out of the IP header ahead of the UDP header: Wireshark's field for it would cost a third of all
 * that taking a datagram costs. What was put together from fragments has none: there it is that of
 * the last fragment, which stands in the frame. */
static uint8_t ecn_of(tvbuff_t *tvb, int udp, const packet_info *pinfo)
{
    bool v4 = pinfo->src.type == AT_IPv4;
    const uint8_t *header = header_ahead(tvb, udp, v4 ? 4 : 8, pinfo);
    if (header == NULL && pinfo->data_src != NULL) {
        tvbuff_t *frame = get_data_source_tvb(pinfo->data_src->data);
        int length = (int)tvb_captured_length(frame);
        header = header_ahead(frame, MIN(length, HEADERS_MAX), 1, pinfo);
    }
    if (header == NULL)
        return 0;
    return v4 ? header[1] & 3 : header[1] >> 4 & 3;
}

static uint64_t time_of(const packet_info *pinfo)
{
    if (!pinfo->fd->has_ts || pinfo->abs_ts.secs < 0)
        return 0;
    return (uint64_t)pinfo->abs_ts.secs * 1000000000u + (uint64_t)pinfo->abs_ts.nsecs;
}

bool ql_datagram_source_read(const ql_datagram_source *source, packet_info *pinfo, proto_tree *tree,
                             ql_datagram *out)
{
    field_info *length = tree != NULL ? last_field(tree, source->udp_length) : NULL;
    if (length == NULL || length->start < 4 || is_quoted(source, pinfo))
        return false;
    tvbuff_t *tvb = length->ds_tvb;
    int header = length->start - 4, payload = header + UDP_HEADER_LENGTH;
    int captured = tvb_captured_length_remaining(tvb, payload);
    if (captured <= 0)
        return false;
    memset(out, 0, sizeof *out);
    if (!endpoint_of(&pinfo->src, tvb_get_ntohs(tvb, header), &out->source) ||
        !endpoint_of(&pinfo->dst, tvb_get_ntohs(tvb, header + 2), &out->destination))
        return false;
    /* A length of 0 is that of a jumbogram (RFC 2675). */
    uint32_t announced = ql_field_uint(length);
    out->wire_length = announced > UDP_HEADER_LENGTH
                           ? announced - UDP_HEADER_LENGTH
                           : (size_t)tvb_reported_length_remaining(tvb, payload);
    size_t present = MIN((size_t)captured, out->wire_length);
    out->payload = (ql_slice){ tvb_get_ptr(tvb, payload, (int)present), present };
    out->where = (ql_where){ .frame = pinfo->num, .time_ns = time_of(pinfo) };
    out->ecn = ecn_of(tvb, header, pinfo);
    return true;
}
