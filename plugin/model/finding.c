/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/finding.h"

static const ql_finding_kind kinds[QL_FINDING_CODE_COUNT] = {
    /* what keeps us from seeing */
    [QL_FINDING_SECRETS_MISSING] = { "secrets.missing", QL_SEVERITY_WARN,
                                     "No secrets for this connection", "RFC 9001, 5.1" },
    [QL_FINDING_SECRETS_PARTIAL] = { "secrets.partial", QL_SEVERITY_WARN,
                                     "Some secrets of this connection are missing",
                                     "RFC 9001, 5.1" },
    [QL_FINDING_SECRETS_WRONG] = { "secrets.wrong", QL_SEVERITY_WARN,
                                   "The secrets do not open the packets of this connection",
                                   "RFC 9001, 5.1" },
    [QL_FINDING_CAPTURE_CUT] = { "capture.cut", QL_SEVERITY_WARN,
                                 "The capture holds only a part of the packet", NULL },
    [QL_FINDING_CAPTURE_START_MISSING] = { "capture.start-missing", QL_SEVERITY_WARN,
                                           "The start was not captured", NULL },
    [QL_FINDING_CAPTURE_GAP] = { "capture.gap", QL_SEVERITY_NOTE,
                                 "Bytes of a stream were not captured", NULL },
    [QL_FINDING_CAPTURE_ONE_DIRECTION] = { "capture.one-direction", QL_SEVERITY_WARN,
                                           "Only one side's packets were captured", NULL },
    [QL_FINDING_CAPTURE_UNKNOWN_VERSION] = { "capture.unknown-version", QL_SEVERITY_NOTE,
                                             "Unknown version of QUIC", "RFC 9000, 15" },
    [QL_FINDING_LIMIT_REACHED] = { "limit.reached", QL_SEVERITY_WARN,
                                   "A limit of this plugin was reached", NULL },
    /* QUIC */
    [QL_FINDING_PACKET_MALFORMED] = { "packet.malformed", QL_SEVERITY_ERROR, "Malformed packet",
                                      "RFC 9000, 17" },
    [QL_FINDING_PACKET_RESERVED_BITS] = { "packet.reserved-bits", QL_SEVERITY_ERROR,
                                          "Reserved bits of a packet are not zero",
                                          "RFC 9000, 17.2" },
    [QL_FINDING_FRAME_MALFORMED] = { "frame.malformed", QL_SEVERITY_ERROR, "Malformed frame",
                                     "RFC 9000, 12.4" },
    [QL_FINDING_FRAME_NOT_ALLOWED] = { "frame.not-allowed", QL_SEVERITY_ERROR,
                                       "A frame in a packet that must not carry it",
                                       "RFC 9000, 12.4" },
    [QL_FINDING_RETRY_INTEGRITY] = { "retry.integrity", QL_SEVERITY_WARN,
                                     "The Retry integrity tag is wrong", "RFC 9001, 5.8" },
    [QL_FINDING_TLS_MALFORMED] = { "tls.malformed", QL_SEVERITY_ERROR,
                                   "Malformed TLS handshake message", "RFC 8446, 4" },
    [QL_FINDING_TRANSPORT_PARAMETER] = { "transport-parameter.invalid", QL_SEVERITY_ERROR,
                                         "Invalid transport parameter", "RFC 9000, 7.4" },
    [QL_FINDING_CID_CONFLICT] = { "cid.conflict", QL_SEVERITY_ERROR,
                                  "A connection ID was issued twice with differing facts",
                                  "RFC 9000, 19.15" },
    [QL_FINDING_CID_LIMIT] = { "cid.limit", QL_SEVERITY_ERROR,
                               "More connection IDs than the peer accepts", "RFC 9000, 5.1.1" },
    [QL_FINDING_CID_RETIRED_UNKNOWN] = { "cid.retired-unknown", QL_SEVERITY_ERROR,
                                         "A connection ID that was never issued was retired",
                                         "RFC 9000, 19.16" },
    [QL_FINDING_CID_RETIRED_IN_USE] = { "cid.retired-in-use", QL_SEVERITY_ERROR,
                                        "A packet retires the connection ID that it is sent to",
                                        "RFC 9000, 19.16" },
    [QL_FINDING_CID_ON_TWO_PATHS] = { "cid.on-two-paths", QL_SEVERITY_NOTE,
                                      "One connection ID from two addresses links them",
                                      "RFC 9000, 9.5" },
    [QL_FINDING_CID_USED_AFTER_RETIREMENT] = { "cid.used-after-retirement", QL_SEVERITY_NOTE,
                                               "A retired connection ID is still in use",
                                               "RFC 9000, 5.1.2" },
    [QL_FINDING_CID_NOT_ISSUED] = { "cid.not-issued", QL_SEVERITY_NOTE,
                                    "A connection ID in use that was not issued before",
                                    "RFC 9000, 5.1" },
    [QL_FINDING_CID_EMPTY] = { "cid.empty", QL_SEVERITY_ERROR,
                               "Connection IDs of a side that does without them",
                               "RFC 9000, 19.15" },
    [QL_FINDING_CID_NOT_RETIRED] = { "cid.not-retired", QL_SEVERITY_WARN,
                                     "A connection ID that its issuer asked to retire is kept",
                                     "RFC 9000, 5.1.2" },
    [QL_FINDING_PATH_MIGRATION_EARLY] = { "path.migration-early", QL_SEVERITY_WARN,
                                          "A migration before the handshake was confirmed",
                                          "RFC 9000, 9" },
    [QL_FINDING_PATH_PROBE_MIXED] = { "path.probe-mixed", QL_SEVERITY_NOTE,
                                      "A challenge together with frames that are no probes",
                                      "RFC 9000, 9.1" },
    [QL_FINDING_PATH_RESPONSE_ELSEWHERE] = { "path.response-elsewhere", QL_SEVERITY_WARN,
                                             "A PATH_RESPONSE on another path than its challenge",
                                             "RFC 9000, 8.2.2" },
    [QL_FINDING_PATH_NOT_EXPANDED] = { "path.not-expanded", QL_SEVERITY_NOTE,
                                       "A challenge or response in a datagram below 1,200 bytes",
                                       "RFC 9000, 8.2.1" },
    [QL_FINDING_PATH_RESPONSE_UNMATCHED] = { "path.response-unmatched", QL_SEVERITY_NOTE,
                                             "A PATH_RESPONSE that answers no challenge",
                                             "RFC 9000, 19.18" },
    [QL_FINDING_PATH_AMPLIFICATION] = { "path.amplification", QL_SEVERITY_WARN,
                                        "More than three times the bytes of an unvalidated address",
                                        "RFC 9000, 8.1" },
    [QL_FINDING_PATH_MIGRATION_DISABLED] = { "path.migration-disabled", QL_SEVERITY_ERROR,
                                             "A migration that the server has ruled out",
                                             "RFC 9000, 9" },
    [QL_FINDING_STREAM_FINAL_SIZE] = { "stream.final-size", QL_SEVERITY_ERROR,
                                       "The final size of a stream changed", "RFC 9000, 4.5" },
    [QL_FINDING_STREAM_DATA_CHANGED] = { "stream.data-changed", QL_SEVERITY_ERROR,
                                         "The same bytes of a stream came with differing content",
                                         "RFC 9000, 2.2" },
    [QL_FINDING_STREAM_STATE] = { "stream.state", QL_SEVERITY_ERROR,
                                  "A frame that the state of its stream does not allow",
                                  "RFC 9000, 3" },
    [QL_FINDING_CONNECTION_CLOSED_BY_ERROR] = { "connection.closed-by-error", QL_SEVERITY_WARN,
                                                "The connection was closed because of an error",
                                                "RFC 9000, 10.2" },
    /* HTTP/3 and QPACK */
    [QL_FINDING_H3_FRAME_UNEXPECTED] = { "h3.frame-unexpected", QL_SEVERITY_ERROR,
                                         "An HTTP/3 frame where it must not be", "RFC 9114, 7.2" },
    [QL_FINDING_H3_FRAME_ERROR] = { "h3.frame-error", QL_SEVERITY_ERROR, "Malformed HTTP/3 frame",
                                    "RFC 9114, 7.1" },
    [QL_FINDING_H3_MISSING_SETTINGS] = { "h3.missing-settings", QL_SEVERITY_ERROR,
                                         "A control stream that does not begin with SETTINGS",
                                         "RFC 9114, 6.2.1" },
    [QL_FINDING_H3_SETTINGS_ERROR] = { "h3.settings-error", QL_SEVERITY_ERROR,
                                       "Settings that are not allowed", "RFC 9114, 7.2.4" },
    [QL_FINDING_H3_STREAM_CREATION] = { "h3.stream-creation", QL_SEVERITY_ERROR,
                                        "An HTTP/3 stream that must not be opened",
                                        "RFC 9114, 6.2" },
    [QL_FINDING_H3_CLOSED_CRITICAL_STREAM] = { "h3.closed-critical-stream", QL_SEVERITY_ERROR,
                                               "A stream that must stay open was closed",
                                               "RFC 9114, 6.2.1" },
    [QL_FINDING_H3_ID_ERROR] = { "h3.id-error", QL_SEVERITY_ERROR,
                                 "A stream ID or push ID that is not allowed", "RFC 9114, 8.1" },
    [QL_FINDING_H3_MESSAGE_ERROR] = { "h3.message-error", QL_SEVERITY_ERROR,
                                      "Malformed request or response", "RFC 9114, 4.1.2" },
    [QL_FINDING_H3_REQUEST_INCOMPLETE] = { "h3.request-incomplete", QL_SEVERITY_WARN,
                                           "A message ended before it was whole", "RFC 9114, 4.1" },
    [QL_FINDING_H3_REQUEST_CANCELLED] = { "h3.request-cancelled", QL_SEVERITY_NOTE,
                                          "A request or response was cancelled",
                                          "RFC 9114, 4.1.1" },
    [QL_FINDING_H3_REJECTED_LATE] = { "h3.rejected-late", QL_SEVERITY_ERROR,
                                      "A request was rejected though it was worked on",
                                      "RFC 9114, 4.1.1" },
    [QL_FINDING_QPACK_DECOMPRESSION_FAILED] = { "qpack.decompression-failed", QL_SEVERITY_ERROR,
                                                "A field section cannot be decoded",
                                                "RFC 9204, 6" },
    [QL_FINDING_QPACK_ENCODER_STREAM] = { "qpack.encoder-stream", QL_SEVERITY_ERROR,
                                          "Malformed QPACK encoder stream", "RFC 9204, 4.3" },
    [QL_FINDING_QPACK_DECODER_STREAM] = { "qpack.decoder-stream", QL_SEVERITY_ERROR,
                                          "Malformed QPACK decoder stream", "RFC 9204, 4.4" },
    [QL_FINDING_QPACK_BLOCKED_TO_THE_END] = { "qpack.blocked-to-the-end", QL_SEVERITY_WARN,
                                              "A field section waits for table entries that never "
                                              "came",
                                              "RFC 9204, 2.2.1" },
};

const ql_finding_kind *ql_finding_kind_of(ql_finding_code code)
{
    g_assert((unsigned)code < QL_FINDING_CODE_COUNT);
    return &kinds[code];
}

bool ql_finding_is_of_order(ql_finding_code code)
{
    switch (code) {
    case QL_FINDING_CID_LIMIT:
    case QL_FINDING_CID_NOT_RETIRED:
    case QL_FINDING_PATH_MIGRATION_EARLY:
    case QL_FINDING_PATH_PROBE_MIXED:
    case QL_FINDING_PATH_NOT_EXPANDED:
    case QL_FINDING_PATH_RESPONSE_UNMATCHED:
    case QL_FINDING_PATH_AMPLIFICATION: return true;
    default: return false;
    }
}

const char *ql_severity_name(ql_severity severity)
{
    static const char *const names[] = {
        [QL_SEVERITY_CHAT] = "chat",
        [QL_SEVERITY_NOTE] = "note",
        [QL_SEVERITY_WARN] = "warn",
        [QL_SEVERITY_ERROR] = "error",
    };
    return (unsigned)severity < G_N_ELEMENTS(names) ? names[severity] : "unknown";
}
