/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What message.c and message_sections.c share: the state of one direction, and the way of a field
 * section from its frame to its place in the message. */
#ifndef QL_MESSAGE_STATE_H
#define QL_MESSAGE_STATE_H

#include "model/capsules.h"
#include "model/http3_frames.h"
#include "model/message.h"

struct ql_message_reader {
    ql_http3_scope *scope;
    ql_stream_facts *stream;
    ql_message_reader *other; /* direction of the same stream, or NULL */
    ql_message *message;      /* `own`, or that of the exchange */
    ql_message own;
    GPtrArray *informational; /* of ql_section *, while there is no exchange */
    ql_exchange *exchange;    /* that the message was moved to */
    GQueue sections;          /* of ql_pending_section *, in the order of the stream */
    GQueue shown;             /* of those that wait and are shown as far as they can be read */
    ql_http3_parser parser;
    ql_arrival frame_first; /* first byte of the frame that is being read */
    EVP_MD_CTX *digest;
    ql_capsules *capsules; /* NULL unless the content is a row of them */
    uint64_t waiting_since_ns;
    unsigned waiting; /* sections that wait for QPACK */
    uint8_t sender;
    bool early_data;
    bool headers_lost;  /* a section that could not be decoded may have been the header section */
    bool told_sequence; /* findings that are said once a direction */
    bool told_waiting;
    bool told_orphan;
    bool length_checked;
    bool ended; /* by FIN or reset */
    bool end_told;
};

/* A field section from its frame to its place in the message. */
typedef struct ql_pending_section {
    ql_message_reader *reader;
    ql_where first, resolved_at;
    ql_qpack_result result;
    uint64_t push_id;
    ql_where arrived;     /* where its last byte was captured */
    ql_qpack_result part; /* its lines that can be read while it waits; fields NULL: none */
    ql_section *section;  /* that shows them; belongs to the message */
    bool promise;
    bool resolved;
    bool content_follows;
} ql_pending_section;

/* "request" or "response". */
const char *ql_message_reader_what(const ql_message_reader *reader);

/* A finding on the order of frames, said once a direction. */
void ql_message_reader_find_sequence(ql_message_reader *reader, const char *text);

/* The encoded section of a HEADERS frame, or of a PUSH_PROMISE with this push ID. */
void ql_message_reader_read_section(ql_message_reader *reader, ql_slice encoded, bool promise,
                                    uint64_t push_id);
void ql_pending_section_free(ql_pending_section *pending);

/* The capture is over: sections that wait are shown as far as they can be read, those behind them
 * take their places. */
void ql_message_reader_show_waiting(ql_message_reader *reader);

/* After its end, when no section waits: is there a header section, is the content as long as it
 * says; and the event of the end. */
void ql_message_reader_conclude(ql_message_reader *reader);

#endif
