/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of one half of a stream while bytes of it may still come: its reassembly and what
 * reads it. */
#ifndef QL_STREAM_HALF_H
#define QL_STREAM_HALF_H

#include "model/http3.h"
#include "model/journal.h"

/* How the streams of a connection are read. */
typedef enum ql_stream_protocol {
    QL_PROTOCOL_UNKNOWN, /* bytes are held back until it is known */
    QL_PROTOCOL_HTTP3,
    QL_PROTOCOL_OTHER, /* bytes are counted */
} ql_stream_protocol;

typedef struct ql_stream_half {
    ql_reassembly bytes;
    ql_http3_half *http3; /* NULL unless the protocol is HTTP/3 */
    uint64_t highest;     /* end of the bytes that came */
    uint8_t sender;       /* ql_side */
    bool ended;           /* that it is whole was told to `http3` */
    bool told_gap;
    bool told_unknown; /* what it is */
} ql_stream_half;

/* Bytes are held until ql_stream_half_begin() says what they are. `kept_by_all` is that of
 * reassembly.h. */
ql_stream_half *ql_stream_half_new(ql_side sender, uint64_t *kept_by_all);
void ql_stream_half_free(ql_stream_half *half);

/* The protocol is known now; bytes that were held are read. `other` is the half of the other
 * direction or NULL; `facts` outlives the half. */
void ql_stream_half_begin(ql_stream_half *half, ql_stream_protocol protocol, ql_http3 *http3,
                          ql_stream_facts *facts, const ql_stream_half *other);

/* What came on either half, or SETTINGS, may tell how this one is read, if that was not known:
 * bytes that were held are read then. True when that happened. */
bool ql_stream_half_resume(ql_stream_half *half, const ql_stream_facts *facts);

ql_reassembly_outcome ql_stream_half_add(ql_stream_half *half, uint64_t offset, ql_slice bytes,
                                         const ql_arrival *from);

/* Brings `facts` up to date and tells the reader when all bytes were read. True when the half is
 * not needed any more. */
bool ql_stream_half_settle(ql_stream_half *half, ql_stream_facts *facts);

#define QL_RECOGNITION_BYTES                                                                       \
    16384u /* of a half are looked at to tell HTTP/3 from other protocols                          \
            */

/* Whether the first bytes, which are held, can be told to be HTTP/3. */
bool ql_stream_half_is_recognized(const ql_stream_half *half, uint64_t stream_id);

/* The capture is over: a gap becomes a finding, once. */
void ql_stream_half_finish(ql_stream_half *half, const ql_stream_facts *facts, ql_journal *journal,
                           uint32_t connection, uint32_t frame);

#endif
