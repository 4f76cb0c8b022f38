/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The streams of one connection and what HTTP/3 does on them (RFC 9000, 2 and 3; RFC 9114, 6).
 *
 * In: STREAM, RESET_STREAM, STOP_SENDING and DATAGRAM frames as they are captured, in any order,
 * more than once, with gaps. Out: streams, exchanges, events and findings. Each packet is handed in
 * once at most. */
#ifndef QL_STREAM_H
#define QL_STREAM_H

#include "model/exchange.h"
#include "model/frames.h"

struct ql_journal;

typedef enum ql_stream_role {
    QL_ROLE_UNKNOWN, /* a unidirectional stream whose type is not yet known; or not HTTP/3 */
    QL_ROLE_REQUEST,
    QL_ROLE_PUSH,
    QL_ROLE_CONTROL,
    QL_ROLE_QPACK_ENCODER,
    QL_ROLE_QPACK_DECODER,
    QL_ROLE_WEBTRANSPORT,
    QL_ROLE_OTHER, /* reserved and unknown types, streams of other protocols */
} ql_stream_role;

/* As in quiclens.stream.role: "request", "push", "control", "qpack-encoder", "qpack-decoder", ...;
 * "other" also for unknown. */
const char *ql_stream_role_name(ql_stream_role role);

/* What views may read of a stream. Owned by the ql_streams; valid as long as that is. */
typedef struct ql_stream_facts {
    uint64_t id;
    ql_stream_role role;
    uint32_t first_frame;  /* captured frame of its first QUIC frame */
    ql_exchange *exchange; /* of request and push streams once there is one, else NULL */
    uint64_t session;      /* of WebTransport streams: the request stream of their session, or
                              QL_NO_STREAM */
    struct {
        uint64_t received; /* bytes captured, each once */
        uint64_t in_order; /* bytes that follow from offset 0 without a gap */
        uint64_t final_size, reset_error;
        bool has_final_size; /* FIN or RESET_STREAM seen */
        bool reset;
    } half[2]; /* by ql_side of the sender */
} ql_stream_facts;

/* What one STREAM frame was; the event on its captured frame carries it. */
typedef struct ql_stream_piece {
    const ql_stream_facts *stream;
    uint64_t offset;
    uint32_t length;
    uint8_t sender; /* ql_side */
    bool fin;
    bool retransmission; /* brought nothing that was not there already */
    bool out_of_order;   /* begins behind a gap */
    bool blocked;        /* brought a field section that waits for QPACK */
    bool early_data;
} ql_stream_piece;

typedef struct ql_streams ql_streams;

/* Borrows the journal, into which events and findings go. */
ql_streams *ql_streams_new(struct ql_journal *journal, uint32_t connection);
void ql_streams_free(ql_streams *streams);

/* From now on bodies are kept within this budget, which is borrowed. */
void ql_streams_keep_bodies(ql_streams *streams, ql_body_budget *budget);

/* The application protocol: "h3" and "h3-29" ... mean HTTP/3, others plain streams. Until it is
 * called, and with NULL, the protocol is worked out from the streams themselves (RFC 9114, 6.2). */
void ql_streams_set_alpn(ql_streams *streams, const char *alpn);

/* Whether the streams are HTTP/3, as far as known: by ALPN or by what they carry. */
bool ql_streams_are_http3(const ql_streams *streams);

void ql_streams_on_stream(ql_streams *streams, ql_side sender, const ql_frame *frame,
                          const ql_where *where, bool early_data);
void ql_streams_on_reset(ql_streams *streams, ql_side sender, const ql_frame *frame,
                         const ql_where *where);
void ql_streams_on_stop_sending(ql_streams *streams, ql_side sender, const ql_frame *frame,
                                const ql_where *where);
void ql_streams_on_datagram(ql_streams *streams, ql_side sender, const ql_frame *frame,
                            const ql_where *where);

/* Early data was rejected: what the client sent in 0-RTT on these streams will be sent again from
 * offset 0, perhaps as something else (RFC 9001, 4.6.2). Exchanges that began there are forgotten.
 */
void ql_streams_on_early_data_rejected(ql_streams *streams);

/* The capture is over: what still waits (gaps, QPACK) becomes findings. May be followed by more
 * frames. */
void ql_streams_finish(ql_streams *streams, const ql_where *where);

/* ql_exchange *, in the order of their requests' first frames. Borrowed. */
const GPtrArray *ql_streams_exchanges(const ql_streams *streams);

/* NULL when no frame of this stream was seen. */
const ql_stream_facts *ql_streams_find(const ql_streams *streams, uint64_t id);

/* The exchange of a promised push; NULL when its promise was not seen. */
const ql_exchange *ql_streams_find_push(const ql_streams *streams, uint64_t push_id);

/* Streams that were seen, in the order of their first frames. */
unsigned ql_streams_count(const ql_streams *streams);
const ql_stream_facts *ql_streams_at(const ql_streams *streams, unsigned index);

typedef struct ql_setting {
    uint64_t identifier, value;
} ql_setting;

/* SETTINGS of one side, in their order: of ql_setting. NULL until they were seen. */
const GArray *ql_streams_settings(const ql_streams *streams, ql_side side);

/* "QPACK_MAX_TABLE_CAPACITY"; "reserved"; NULL when it has no name. */
const char *ql_http3_setting_name(uint64_t identifier);

#endif
