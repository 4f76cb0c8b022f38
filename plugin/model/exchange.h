/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request and its response (RFC 9114, 4), as far as the capture shows them. Plain values, owned
 * by the streams of their connection; views read them. */
#ifndef QL_EXCHANGE_H
#define QL_EXCHANGE_H

#include <stdbool.h>

#include "model/body.h"

/* One field line. Both strings end with a NUL that the lengths do not count; they may hold any
 * byte. Borrowed from the lines that it is one of, or static. */
typedef struct ql_field {
    const char *name, *value;
    uint32_t name_length, value_length;
} ql_field;

/* Field lines in their order, pseudo-header fields included. One block that also holds their texts,
 * since of all that is kept of an exchange these are the most; to be freed with g_free(). */
typedef struct ql_field_lines {
    uint32_t count;
    ql_field line[];
} ql_field_lines;

/* Room for `count` lines, which are zeroed, and behind them for their texts: *texts. */
ql_field_lines *ql_field_lines_new(uint32_t count, size_t text_size, char **texts);

typedef enum ql_section_kind {
    QL_SECTION_REQUEST,
    QL_SECTION_INFORMATIONAL, /* 1xx */
    QL_SECTION_RESPONSE,
    QL_SECTION_REQUEST_TRAILERS,
    QL_SECTION_RESPONSE_TRAILERS,
    QL_SECTION_PROMISE, /* of PUSH_PROMISE: the request of a pushed exchange */
} ql_section_kind;

/* A field section as QPACK gave it back. */
typedef struct ql_section {
    ql_section_kind kind;
    ql_field_lines *fields;
    ql_where first;    /* where the first byte of its HTTP/3 frame was captured */
    ql_where decoded;  /* where it could be read: later than its last byte if QPACK blocked it */
    uint16_t status;   /* of responses, else 0 */
    unsigned left_out; /* field lines that refer to a dynamic table that is not known; 0: all are
                          here */
} ql_section;

/* The value of the first field of this name, NULL when there is none. */
const char *ql_section_value(const ql_section *section, const char *name);

void ql_section_free(ql_section *section);

#define QL_SHA256_LENGTH 32

/* One direction of an exchange. */
typedef struct ql_message {
    ql_section *headers;  /* NULL until decoded; of a response: the final one */
    ql_section *trailers; /* NULL when there are none */
    ql_where first;       /* first byte of its header section; frame 0: not seen */
    ql_where last;        /* last byte so far */
    uint64_t body_size;   /* bytes of content seen in order, before content coding is undone */
    uint64_t received;    /* bytes of its stream that were captured, in order or not */
    ql_body *body;        /* what is kept of the content; NULL: nothing */
    uint64_t reset_error; /* application error code of the RESET_STREAM */
    uint64_t gap_ns;      /* time during which bytes waited for a gap on the stream */
    uint64_t blocked_ns;  /* time during which its field sections waited for QPACK */
    uint8_t *sha256;      /* of content that is complete and not empty; NULL: not (yet) known */
    bool complete;        /* all of it was seen, to the end of the stream */
    bool reset;           /* RESET_STREAM ended it */
} ql_message;

/* The stream of a pushed exchange whose push stream has not come (yet). */
#define QL_NO_STREAM UINT64_MAX

typedef struct ql_exchange {
    uint32_t connection;
    uint16_t status;   /* of the final response, 0 until it is known */
    bool pushed;       /* the response comes on a push stream, which is stream_id */
    bool early_data;   /* its request began in 0-RTT */
    bool rejected;     /* in 0-RTT that the server did not take: it is asked again, as another */
    bool stop_sending; /* the receiver of the response asked to stop, with stop_error */
    uint64_t stream_id;
    uint64_t push_id;     /* of pushed ones */
    uint64_t promised_on; /* of pushed ones: the request stream that carried the first promise */
    uint64_t stop_error;
    ql_message request, response;
    GPtrArray *informational; /* of ql_section, 1xx responses in their order; NULL: none */
    /* From the request's header section: NULL when absent or not decoded; borrowed from it. */
    const char *method, *scheme, *authority, *path;
} ql_exchange;

/* 1xx responses that were decoded, and one of them. */
unsigned ql_exchange_informational_count(const ql_exchange *exchange);
const ql_section *ql_exchange_informational(const ql_exchange *exchange, unsigned index);

/* For the rooms that build exchanges. Sections belong to what they are put into. */
ql_exchange *ql_exchange_new(uint32_t connection, uint64_t stream_id);
void ql_exchange_free(ql_exchange *exchange);
void ql_exchange_set_request(ql_exchange *exchange, ql_section *headers);
void ql_message_clear(ql_message *message);

/* Whether all of its content was seen and is kept, or there is none. */
bool ql_message_holds_body(const ql_message *message);

/* "https://host/path"; "method authority" for CONNECT; "https://?/path" where QPACK left out the
 * field; NULL before the request is known. The caller frees it. */
char *ql_exchange_url(const ql_exchange *exchange);

/* Seconds; negative where one end is not known. */
double ql_exchange_time_to_first_byte(const ql_exchange *exchange);
double
ql_exchange_duration(const ql_exchange *exchange); /* to the last byte of a complete response */

#endif
