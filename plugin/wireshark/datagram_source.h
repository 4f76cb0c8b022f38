/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame that Wireshark dissected -> the UDP datagram in it, as the model takes it. */
#ifndef QL_DATAGRAM_SOURCE_H
#define QL_DATAGRAM_SOURCE_H

#include "wireshark/compat.h"

#include "model/datagram.h"

/* Fields and protocols of Wireshark's that are looked at. A plain value. */
typedef struct ql_datagram_source {
    int udp_length;
    int icmp, icmpv6;
} ql_datagram_source;

/* In the handoff routine: looks them up, and asks for the field on behalf of the postdissector. */
void ql_datagram_source_init(ql_datagram_source *source, dissector_handle_t postdissector);

/* The innermost UDP datagram over IP of a frame. Its payload lives as long as the frame's
 * dissection. False when there is none, or when ICMP only quotes it. */
bool ql_datagram_source_read(const ql_datagram_source *source, packet_info *pinfo, proto_tree *tree,
                             ql_datagram *out);

#endif
