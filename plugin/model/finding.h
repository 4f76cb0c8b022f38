/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is worth a sentence: something that breaks a rule, or that keeps us from seeing.
 *
 * Each kind of finding is a row of one table: its code, which users filter on, its severity and the
 * section of the RFC. The text names the thing and the values. */
#ifndef QL_FINDING_H
#define QL_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#define QL_NO_CONNECTION UINT32_MAX

typedef enum ql_severity {
    QL_SEVERITY_CHAT,
    QL_SEVERITY_NOTE,
    QL_SEVERITY_WARN,
    QL_SEVERITY_ERROR
} ql_severity;

const char *ql_severity_name(ql_severity severity); /* "chat", "note", "warn", "error" */

typedef enum ql_finding_code {
    /* what keeps us from seeing */
    QL_FINDING_SECRETS_MISSING,
    QL_FINDING_SECRETS_PARTIAL,
    QL_FINDING_SECRETS_WRONG,
    QL_FINDING_CAPTURE_CUT,
    QL_FINDING_CAPTURE_START_MISSING,
    QL_FINDING_CAPTURE_GAP,
    QL_FINDING_CAPTURE_ONE_DIRECTION,
    QL_FINDING_CAPTURE_UNKNOWN_VERSION,
    QL_FINDING_LIMIT_REACHED,
    /* QUIC */
    QL_FINDING_PACKET_MALFORMED,
    QL_FINDING_PACKET_RESERVED_BITS,
    QL_FINDING_FRAME_MALFORMED,
    QL_FINDING_FRAME_NOT_ALLOWED,
    QL_FINDING_RETRY_INTEGRITY,
    QL_FINDING_TLS_MALFORMED,
    QL_FINDING_TRANSPORT_PARAMETER,
    QL_FINDING_CID_CONFLICT,
    QL_FINDING_CID_LIMIT,
    QL_FINDING_CID_RETIRED_UNKNOWN,
    QL_FINDING_CID_RETIRED_IN_USE,
    QL_FINDING_CID_USED_AFTER_RETIREMENT,
    QL_FINDING_CID_ON_TWO_PATHS,
    QL_FINDING_CID_NOT_ISSUED,
    QL_FINDING_CID_EMPTY,
    QL_FINDING_CID_NOT_RETIRED,
    QL_FINDING_PATH_RESPONSE_UNMATCHED,
    QL_FINDING_PATH_AMPLIFICATION,
    QL_FINDING_PATH_MIGRATION_DISABLED,
    QL_FINDING_PATH_MIGRATION_EARLY,
    QL_FINDING_PATH_PROBE_MIXED,
    QL_FINDING_PATH_RESPONSE_ELSEWHERE,
    QL_FINDING_PATH_NOT_EXPANDED,
    QL_FINDING_STREAM_FINAL_SIZE,
    QL_FINDING_STREAM_DATA_CHANGED,
    QL_FINDING_STREAM_STATE,
    QL_FINDING_CONNECTION_CLOSED_BY_ERROR,
    /* HTTP/3 and QPACK */
    QL_FINDING_H3_FRAME_UNEXPECTED,
    QL_FINDING_H3_FRAME_ERROR,
    QL_FINDING_H3_MISSING_SETTINGS,
    QL_FINDING_H3_SETTINGS_ERROR,
    QL_FINDING_H3_STREAM_CREATION,
    QL_FINDING_H3_CLOSED_CRITICAL_STREAM,
    QL_FINDING_H3_ID_ERROR,
    QL_FINDING_H3_MESSAGE_ERROR,
    QL_FINDING_H3_REQUEST_INCOMPLETE,
    QL_FINDING_H3_REQUEST_CANCELLED,
    QL_FINDING_H3_REJECTED_LATE,
    QL_FINDING_QPACK_DECOMPRESSION_FAILED,
    QL_FINDING_QPACK_ENCODER_STREAM,
    QL_FINDING_QPACK_DECODER_STREAM,
    QL_FINDING_QPACK_BLOCKED_TO_THE_END,
    QL_FINDING_CODE_COUNT
} ql_finding_code;

typedef struct ql_finding_kind {
    const char *code; /* "secrets.missing" */
    ql_severity severity;
    const char *summary; /* what the expert info is called before a text is known */
    const char *rfc;     /* "RFC 9001, 5.1"; NULL where no rule is concerned */
} ql_finding_kind;

const ql_finding_kind *ql_finding_kind_of(ql_finding_code code);

/* Whether it can only be told from packets that are captured in their order. */
bool ql_finding_is_of_order(ql_finding_code code);

typedef struct ql_finding {
    ql_finding_code code;
    uint32_t connection; /* QL_NO_CONNECTION where it belongs to none */
    uint32_t frame;
    char *text; /* one plain sentence without a full stop */
} ql_finding;

#endif
