/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field sections that one side sends, decoded (RFC 9204).
 *
 * The observer is slower than the decoder that it watches when packets were lost from the capture
 * or came out of order, so any number of sections may wait for table entries, for any time. */
#ifndef QL_QPACK_H
#define QL_QPACK_H

#include <glib.h>

#include "model/exchange.h"

/* The largest dynamic table that is followed. */
#define QL_QPACK_TABLE_MAX (1u << 20)

/* A section may grow to this much when decoded: name and value and 32 bytes for each line, as in
 * RFC 9114, 4.2.2. */
#define QL_QPACK_SECTION_MAX (1u << 20)

/* All sections of one sender together, measured in the same way. */
#define QL_QPACK_DECODED_MAX (UINT64_C(512) << 20)

/* Encoded bytes of all sections that wait. */
#define QL_QPACK_WAITING_MAX (8u << 20)

typedef struct ql_qpack ql_qpack;

typedef enum ql_qpack_status {
    QL_QPACK_DECODED,
    QL_QPACK_WAITS,   /* for entries of the dynamic table, or for the settings of the receiver */
    QL_QPACK_PARTIAL, /* the dynamic table that it refers to is not known: the other lines */
    QL_QPACK_FAILED,  /* breaks the rules */
    QL_QPACK_LIMIT,   /* a cap of ours was hit */
} ql_qpack_status;

typedef struct ql_qpack_result {
    ql_qpack_status status;
    ql_field_lines *fields; /* of QL_QPACK_DECODED and _PARTIAL */
    unsigned left_out;      /* of QL_QPACK_PARTIAL: lines that are not among them */
    const char *why;        /* of the last three: static text */
} ql_qpack_result;

/* A section that waited is there, whole, failed or over a cap; or ql_qpack_show_waiting() shows
 * what it has of it, which still waits. `section` is what was handed in with it. Takes the fields.
 * Called from within the calls below. */
typedef void (*ql_qpack_ready)(void *user, void *section, const ql_qpack_result *result);

ql_qpack *ql_qpack_new(ql_qpack_ready ready, void *user);
void ql_qpack_free(ql_qpack *qpack);

/* The SETTINGS_QPACK_MAX_TABLE_CAPACITY that the receiver announced; 0 where it announced none
 * (RFC 9204, 5). Sections that waited for it go on. */
void ql_qpack_set_limit(ql_qpack *qpack, uint64_t max_table_capacity);

/* Bytes of the encoder stream, in order. NULL, or static text that says what is wrong with them;
 * said once, after that the dynamic table is lost. */
const char *ql_qpack_on_encoder_stream(ql_qpack *qpack, ql_slice bytes);

/* Bytes of the encoder stream that are known to exist beyond a gap. While there are many, a
 * Required Insert Count, which is sent modulo the size of the table, may mean more than one number:
 * such sections wait until the gap is filled. */
void ql_qpack_set_unread(ql_qpack *qpack, uint64_t bytes);

/* One whole encoded field section. */
ql_qpack_result ql_qpack_decode(ql_qpack *qpack, ql_slice encoded, void *section);

/* Do not wait for settings any longer: assume what is usual. Then hand out the lines of each
 * waiting section that do not refer to the dynamic table. */
void ql_qpack_show_waiting(ql_qpack *qpack);

/* Entries that were inserted into the dynamic table so far. */
uint64_t ql_qpack_insert_count(const ql_qpack *qpack);

/* Whether `encoded` is a section without references to the dynamic table that can be decoded; its
 * fields, or NULL. Needs no state of a connection. */
ql_field_lines *ql_qpack_decode_static(ql_slice encoded);

#endif
