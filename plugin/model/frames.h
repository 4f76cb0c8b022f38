/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of QUIC as plain data (RFC 9000, 19; RFC 9221), those of extensions among them that
 * are met though no RFC has them yet: where one of these is not known, all behind it in its packet
 * is lost. Slices borrow from the payload. */
#ifndef QL_FRAMES_H
#define QL_FRAMES_H

#include "model/cid.h"
#include "model/reader.h"

typedef enum ql_frame_kind {
    QL_FRAME_PADDING,
    QL_FRAME_PING,
    QL_FRAME_ACK,
    QL_FRAME_RESET_STREAM,
    QL_FRAME_STOP_SENDING,
    QL_FRAME_CRYPTO,
    QL_FRAME_NEW_TOKEN,
    QL_FRAME_STREAM,
    QL_FRAME_MAX_DATA,
    QL_FRAME_MAX_STREAM_DATA,
    QL_FRAME_MAX_STREAMS,
    QL_FRAME_DATA_BLOCKED,
    QL_FRAME_STREAM_DATA_BLOCKED,
    QL_FRAME_STREAMS_BLOCKED,
    QL_FRAME_NEW_CONNECTION_ID,
    QL_FRAME_RETIRE_CONNECTION_ID,
    QL_FRAME_PATH_CHALLENGE,
    QL_FRAME_PATH_RESPONSE,
    QL_FRAME_CONNECTION_CLOSE,
    QL_FRAME_HANDSHAKE_DONE,
    QL_FRAME_DATAGRAM,
    QL_FRAME_RESET_STREAM_AT,
    QL_FRAME_ACK_FREQUENCY,
    QL_FRAME_IMMEDIATE_ACK,
    QL_FRAME_TIMESTAMP,
    QL_FRAME_OBSERVED_ADDRESS,
    QL_FRAME_COUNT
} ql_frame_kind;

const char *ql_frame_kind_name(ql_frame_kind kind); /* "NEW_CONNECTION_ID", ... */

typedef struct ql_frame {
    ql_frame_kind kind;
    uint64_t type; /* as on the wire */
    union {
        struct {
            uint64_t length; /* this many PADDING frames in a row */
        } padding;
        struct {
            uint64_t largest, delay, first_range, range_count;
            ql_slice ranges; /* range_count pairs of varints: gap, length (RFC 9000, 19.3.1) */
            bool has_ecn;
            uint64_t ect0, ect1, ce;
        } ack;
        struct {
            uint64_t id, error, final_size;
            uint64_t reliable_size; /* of RESET_STREAM_AT: all below is still delivered */
        } reset_stream;             /* and RESET_STREAM_AT */
        struct {
            uint64_t id, error;
        } stop_sending;
        struct {
            uint64_t offset;
            ql_slice data;
        } crypto;
        struct {
            ql_slice token;
        } new_token;
        struct {
            uint64_t id, offset;
            ql_slice data;
            bool fin;
        } stream;
        struct {
            uint64_t id; /* of MAX_STREAM_DATA and STREAM_DATA_BLOCKED */
            uint64_t value;
            bool unidirectional; /* of MAX_STREAMS and STREAMS_BLOCKED */
        } limit;
        struct {
            uint64_t sequence, retire_prior_to;
            ql_cid cid;
            uint8_t reset_token[16];
        } new_cid;
        struct {
            uint64_t sequence;
        } retire_cid;
        struct {
            uint8_t data[8];
        } path; /* PATH_CHALLENGE, PATH_RESPONSE */
        struct {
            bool application; /* 0x1d */
            uint64_t error, frame_type;
            ql_slice reason;
        } close;
        struct {
            ql_slice data;
        } datagram;
        struct {
            uint64_t sequence, threshold, max_delay_us, reordering_threshold;
        } ack_frequency;
        struct {
            uint64_t time; /* in units of the sender's ack_delay_exponent */
        } timestamp;
        struct {
            uint64_t sequence;
            ql_slice address; /* 4 or 16 bytes */
            uint16_t port;
        } observed_address;
    };
} ql_frame;

typedef enum ql_frame_status {
    QL_FRAME_READ, /* one frame is in *out */
    QL_FRAME_END,  /* the payload is used up */
    QL_FRAME_BAD,  /* truncated, unknown type or a field out of range: nothing can be read after it
                    */
} ql_frame_status;

/* The next frame. On QL_FRAME_BAD out->type holds the type, if that much could be read, and *why a
 * constant phrase with its RFC section, such as "NEW_CONNECTION_ID with an ID of 0 bytes (RFC
 * 9000, 19.15)". */
ql_frame_status ql_frame_read(ql_reader *payload, ql_frame *out, const char **why);

/* Calls `visit` once for each range of an ACK frame, from the largest down; stops, and gives false,
 * at a range that goes below zero (RFC 9000, 19.3.1). */
typedef void (*ql_ack_visitor)(void *user, uint64_t first, uint64_t last);
bool ql_ack_visit(const ql_frame *ack, ql_ack_visitor visit, void *user);

#endif
