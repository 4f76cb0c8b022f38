/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3.h"

#include <inttypes.h>

#include "model/http3_control.h"
#include "model/http3_frames.h"
#include "model/push.h"
#include "model/qpack_decoder_stream.h"

enum stream_type {
    TYPE_CONTROL = 0x00,
    TYPE_PUSH = 0x01,
    TYPE_QPACK_ENCODER = 0x02,
    TYPE_QPACK_DECODER = 0x03,
    TYPE_WEBTRANSPORT = 0x54,
};

/* Critical streams: each side has one of each kind. */
enum critical { CONTROL, ENCODER, DECODER, CRITICAL_COUNT };

typedef struct side {
    ql_http3_control *control;
    ql_qpack_decoder_stream acknowledgements;
    const ql_stream_facts *critical[CRITICAL_COUNT]; /* NULL while not seen */
} side;

struct ql_http3 {
    ql_http3_scope scope;
    side side[2];
};

/* What the next bytes of a half are. */
enum phase { STREAM_TYPE, UNDECIDED, PUSH_ID, SESSION_ID, MESSAGE, CRITICAL, OPAQUE };

struct ql_http3_half {
    ql_http3 *http3;
    ql_stream_facts *stream;
    ql_http3_half *other; /* direction of the same stream, or NULL */
    ql_message_reader *message;
    uint8_t start[8]; /* of a varint that is not whole yet */
    uint8_t start_length;
    uint8_t sender;
    uint8_t phase;
    uint8_t critical;
    ql_arrival start_from;
};

static void side_init(ql_http3 *h, ql_side which)
{
    h->side[which] = (side){ .control = ql_http3_control_new(&h->scope, which) };
}

ql_http3 *ql_http3_new(ql_journal *journal, uint32_t connection)
{
    ql_http3 *h = g_new0(ql_http3, 1);
    ql_http3_scope_init(&h->scope, journal, connection);
    side_init(h, QL_CLIENT);
    side_init(h, QL_SERVER);
    return h;
}

void ql_http3_free(ql_http3 *h)
{
    if (h == NULL)
        return;
    ql_http3_control_free(h->side[QL_CLIENT].control);
    ql_http3_control_free(h->side[QL_SERVER].control);
    ql_http3_scope_clear(&h->scope);
    g_free(h);
}

void ql_http3_keep_bodies(ql_http3 *h, ql_body_budget *budget)
{
    h->scope.bodies = budget;
}

void ql_http3_look_at(ql_http3 *h, const ql_where *where, ql_stream_piece *piece)
{
    h->scope.now = *where;
    h->scope.piece = piece;
}

const ql_exchange *ql_http3_push(const ql_http3 *h, uint64_t push_id)
{
    return ql_pushes_find(&h->scope, push_id);
}

const GPtrArray *ql_http3_exchanges(ql_http3 *h)
{
    return ql_http3_scope_exchanges(&h->scope);
}

const GArray *ql_http3_settings(const ql_http3 *h, ql_side which)
{
    return ql_http3_control_settings(h->side[which].control);
}

static bool is_unidirectional(uint64_t stream_id)
{
    return (stream_id & 2) != 0; /* RFC 9000, 2.1 */
}

static bool is_begun_by(uint64_t stream_id, ql_side sender)
{
    return (stream_id & 1) == (sender == QL_SERVER ? 1u : 0u);
}

static void begin_message(ql_http3_half *half)
{
    half->phase = MESSAGE;
    half->message = ql_message_reader_new(&half->http3->scope, half->stream, half->sender);
    if (half->other != NULL && half->other->message != NULL)
        ql_message_reader_join(half->message, half->other->message);
}

/* Either half of a request stream; that of the server may be all that was captured. */
static void begin_request(ql_http3_half *half)
{
    half->stream->role = QL_ROLE_REQUEST;
    begin_message(half);
}

/* The server's half of a stream of the client's. */
static void begin_second(ql_http3_half *half)
{
    const GArray *settings = ql_http3_settings(half->http3, QL_SERVER);
    bool ruled_out = settings != NULL && !ql_http3_settings_allow_webtransport(settings);
    if (half->stream->role == QL_ROLE_WEBTRANSPORT)
        half->phase = OPAQUE;
    else if (half->stream->role == QL_ROLE_REQUEST || ruled_out)
        begin_request(half);
    else
        half->phase = UNDECIDED;
}

ql_http3_half *ql_http3_half_new(ql_http3 *h, ql_stream_facts *stream, ql_side sender,
                                 ql_http3_half *other)
{
    ql_http3_half *half = g_new0(ql_http3_half, 1);
    half->http3 = h;
    half->stream = stream;
    half->sender = (uint8_t)sender;
    half->other = other;
    if (other != NULL)
        other->other = half;
    if (is_begun_by(stream->id, sender))
        half->phase = STREAM_TYPE;
    else if (is_begun_by(stream->id, QL_SERVER))
        half->phase = OPAQUE;
    else
        begin_second(half);
    return half;
}

bool ql_http3_half_is_ready(ql_http3_half *half)
{
    if (half->phase == UNDECIDED)
        begin_second(half);
    return half->phase != UNDECIDED;
}

void ql_http3_half_believe(ql_http3_half *half)
{
    if (half->phase == UNDECIDED)
        begin_request(half);
}

void ql_http3_half_free(ql_http3_half *half)
{
    if (half == NULL)
        return;
    if (half->other != NULL)
        half->other->other = NULL;
    ql_message_reader_free(half->message);
    g_free(half);
}

#define find(half, code, format, ...)                                                              \
    ql_http3_find(&(half)->http3->scope, code, "stream %" PRIu64 ": " format, (half)->stream->id,  \
                  __VA_ARGS__)

#define say(half, rfc, ...)                                                                        \
    ql_journal_say((half)->http3->scope.journal, (half)->http3->scope.now.frame, rfc, __VA_ARGS__)

static const char *who(const ql_http3_half *half)
{
    return ql_side_name((ql_side)half->sender);
}

static void begin_critical(ql_http3_half *half, enum critical kind, ql_stream_role role)
{
    side *s = &half->http3->side[half->sender];
    half->phase = CRITICAL;
    half->critical = (uint8_t)kind;
    half->stream->role = role;
    if (s->critical[kind] != NULL) {
        find(half, QL_FINDING_H3_STREAM_CREATION,
             "a second %s stream of the %s, the first is stream %" PRIu64 " (RFC 9114, 6.2.1)",
             ql_stream_role_name(role), who(half), s->critical[kind]->id);
        half->phase = OPAQUE;
        return;
    }
    s->critical[kind] = half->stream;
    if (kind == CONTROL && half->sender == QL_CLIENT)
        ql_pushes_set_control(&half->http3->scope, half->stream);
    say(half, kind == CONTROL ? "RFC 9114, 6.2.1" : "RFC 9204, 4.2",
        "stream %" PRIu64 " is the %s stream of the %s", half->stream->id,
        ql_stream_role_name(role), who(half));
}

static void begin_push(ql_http3_half *half)
{
    half->stream->role = QL_ROLE_PUSH;
    half->phase = PUSH_ID;
    if (half->sender == QL_SERVER)
        return;
    find(half, QL_FINDING_H3_STREAM_CREATION, "a push stream of the %s (RFC 9114, 6.2.2)",
         who(half));
    half->phase = OPAQUE;
}

/* RFC 9114, 6.2. */
static void begin_unidirectional(ql_http3_half *half, uint64_t type)
{
    switch (type) {
    case TYPE_CONTROL: begin_critical(half, CONTROL, QL_ROLE_CONTROL); break;
    case TYPE_PUSH: begin_push(half); break;
    case TYPE_QPACK_ENCODER: begin_critical(half, ENCODER, QL_ROLE_QPACK_ENCODER); break;
    case TYPE_QPACK_DECODER: begin_critical(half, DECODER, QL_ROLE_QPACK_DECODER); break;
    case TYPE_WEBTRANSPORT:
        half->stream->role = QL_ROLE_WEBTRANSPORT;
        half->phase = SESSION_ID;
        break;
    default:
        half->stream->role = QL_ROLE_OTHER;
        half->phase = OPAQUE;
        say(half, "RFC 9114, 6.2.3", "stream %" PRIu64 " has the %s type 0x%" PRIx64,
            half->stream->id, type >= 0x21 && (type - 0x21) % 0x1f == 0 ? "reserved" : "unknown",
            type);
        break;
    }
}

static void take_push_id(ql_http3_half *half, uint64_t push_id)
{
    ql_http3 *h = half->http3;
    ql_pushes_check_id(&h->scope, half->stream->id, push_id, "push", "RFC 9114, 4.6");
    begin_message(half);
    say(half, "RFC 9114, 4.6", "stream %" PRIu64 " carries push %" PRIu64, half->stream->id,
        push_id);
    if (!ql_pushes_on_stream(&h->scope, push_id, half->stream, half->message)) {
        ql_message_reader_free(half->message);
        half->message = NULL;
        half->phase = OPAQUE;
    }
}

static void take_session_id(ql_http3_half *half, uint64_t session)
{
    half->phase = OPAQUE;
    half->stream->session = session;
    if (is_unidirectional(session) || !is_begun_by(session, QL_CLIENT))
        find(half, QL_FINDING_H3_ID_ERROR,
             "stream %" PRIu64 " cannot be a WebTransport session (draft-ietf-webtrans-http3, 4)",
             session);
    say(half, NULL, "stream %" PRIu64 " belongs to the WebTransport session of stream %" PRIu64,
        half->stream->id, session);
}

/* The bytes of a varint come together in `start`. True when it is whole. */
static bool collect(ql_http3_half *half, ql_slice *bytes, const ql_arrival *from, uint64_t *value)
{
    while (bytes->length > 0) {
        if (half->start_length == 0)
            half->start_from = *from;
        half->start[half->start_length++] = *bytes->data++;
        bytes->length--;
        if (half->start_length == (size_t)1 << (half->start[0] >> 6)) {
            ql_reader reader = ql_reader_of((ql_slice){ half->start, half->start_length });
            *value = ql_read_varint(&reader);
            half->start_length = 0;
            return true;
        }
    }
    return false;
}

/* The half of a bidirectional stream that its initiator sends. */
static void begin_first(ql_http3_half *half)
{
    if (half->sender == QL_CLIENT) {
        begin_request(half);
        return;
    }
    half->stream->role = QL_ROLE_OTHER;
    half->phase = OPAQUE;
    find(half, QL_FINDING_H3_STREAM_CREATION, "a bidirectional stream of the %s (RFC 9114, 6.1)",
         who(half));
}

/* A bidirectional stream begins with a frame, or with the two bytes that make it one of
 * WebTransport. */
static void begin_bidirectional(ql_http3_half *half, ql_slice *bytes, const ql_arrival *from)
{
    static const uint8_t mark[] = { 0x40, QL_HTTP3_WEBTRANSPORT_STREAM };
    while (bytes->length > 0 && half->start_length < sizeof mark &&
           *bytes->data == mark[half->start_length]) {
        if (half->start_length == 0)
            half->start_from = *from;
        half->start[half->start_length++] = *bytes->data++;
        bytes->length--;
    }
    if (half->start_length == sizeof mark) {
        half->start_length = 0;
        half->stream->role = QL_ROLE_WEBTRANSPORT;
        half->phase = SESSION_ID;
    } else if (bytes->length > 0) {
        begin_first(half);
        if (half->start_length > 0 && half->phase == MESSAGE)
            ql_message_reader_push(half->message, (ql_slice){ half->start, half->start_length },
                                   &half->start_from);
    }
}

static void push_critical(ql_http3_half *half, ql_slice bytes)
{
    side *s = &half->http3->side[half->sender];
    const char *fault = NULL;
    switch ((enum critical)half->critical) {
    case CONTROL: ql_http3_control_push(s->control, half->stream->id, bytes); break;
    case ENCODER:
        fault = ql_qpack_on_encoder_stream(half->http3->scope.qpack[half->sender], bytes);
        if (fault != NULL)
            find(half, QL_FINDING_QPACK_ENCODER_STREAM, "%s (RFC 9204, 4.3)", fault);
        break;
    case DECODER:
        fault = ql_qpack_decoder_stream_read(&s->acknowledgements, bytes);
        if (fault != NULL)
            find(half, QL_FINDING_QPACK_DECODER_STREAM, "%s (RFC 9204, 4.4)", fault);
        break;
    case CRITICAL_COUNT: break;
    }
}

void ql_http3_half_push(ql_http3_half *half, ql_slice bytes, const ql_arrival *from)
{
    uint64_t value;
    while (bytes.length > 0) {
        switch ((enum phase)half->phase) {
        case STREAM_TYPE:
            if (!is_unidirectional(half->stream->id))
                begin_bidirectional(half, &bytes, from);
            else if (collect(half, &bytes, from, &value))
                begin_unidirectional(half, value);
            break;
        case PUSH_ID:
            if (collect(half, &bytes, from, &value))
                take_push_id(half, value);
            break;
        case SESSION_ID:
            if (collect(half, &bytes, from, &value))
                take_session_id(half, value);
            break;
        case MESSAGE: ql_message_reader_push(half->message, bytes, from); return;
        case CRITICAL: push_critical(half, bytes); return;
        case UNDECIDED:
        case OPAQUE: return;
        }
    }
}

static void find_closed(ql_http3_half *half)
{
    find(half, QL_FINDING_H3_CLOSED_CRITICAL_STREAM,
         "the %s closes its %s stream (RFC 9114, 6.2.1)", who(half),
         ql_stream_role_name(half->stream->role));
}

void ql_http3_half_end(ql_http3_half *half)
{
    if (half->message == NULL && half->phase == STREAM_TYPE && !is_unidirectional(half->stream->id))
        begin_first(half); /* it ends before its first frame */
    if (half->message != NULL)
        ql_message_reader_end(half->message);
    else if (half->phase == CRITICAL)
        find_closed(half);
}

void ql_http3_half_reset(ql_http3_half *half, uint64_t error)
{
    if (half->message != NULL)
        ql_message_reader_reset(half->message, error);
    else if (half->phase == CRITICAL)
        find_closed(half);
}

void ql_http3_half_note(ql_http3_half *half, uint64_t received, uint64_t gap_ns, uint64_t unread)
{
    if (half->message != NULL)
        ql_message_reader_note(half->message, received, gap_ns);
    else if (half->phase == CRITICAL && half->critical == ENCODER)
        ql_qpack_set_unread(half->http3->scope.qpack[half->sender], unread);
}

bool ql_http3_half_is_done(const ql_http3_half *half)
{
    return half->message == NULL || ql_message_reader_is_done(half->message);
}

void ql_http3_half_finish(ql_http3_half *half)
{
    if (half->message != NULL)
        ql_message_reader_finish(half->message);
}

void ql_http3_finish(ql_http3 *h)
{
    h->scope.piece = NULL;
    ql_qpack_show_waiting(h->scope.qpack[QL_CLIENT]);
    ql_qpack_show_waiting(h->scope.qpack[QL_SERVER]);
}

/* RFC 9297, 2.1: a datagram begins with a quarter of the ID of its request stream. */
void ql_http3_on_datagram(ql_http3 *h, const ql_streams *streams, ql_side sender, ql_slice data)
{
    ql_reader reader = ql_reader_of(data);
    uint64_t quarter = ql_read_varint(&reader);
    if (reader.bad || quarter >= UINT64_C(1) << 60) {
        ql_http3_find(&h->scope, QL_FINDING_H3_FRAME_ERROR,
                      "an HTTP datagram of the %s without a stream ID (RFC 9297, 2.1)",
                      ql_side_name(sender));
        return;
    }
    ql_http3_agreement_on_datagram(&h->scope, sender, quarter * 4);
    ql_journal_signal_stream(h->scope.journal, h->scope.now.frame, "DATAGRAM", sender, quarter * 4);
    const ql_stream_facts *stream = ql_streams_find(streams, quarter * 4);
    char *url =
        stream == NULL || stream->exchange == NULL ? NULL : ql_exchange_url(stream->exchange);
    ql_journal_say(h->scope.journal, h->scope.now.frame, "RFC 9297, 2.1",
                   "HTTP datagram of %zu byte%s for stream %" PRIu64 "%s%.200s",
                   ql_reader_left(&reader), ql_reader_left(&reader) == 1 ? "" : "s", quarter * 4,
                   url == NULL ? "" : ", ", url == NULL ? "" : url);
    g_free(url);
}

void ql_http3_forget_client(ql_http3 *h, GHashTable *exchanges)
{
    side *s = &h->side[QL_CLIENT];
    ql_http3_scope_forget(&h->scope, exchanges);
    ql_http3_agreement_forget_client(&h->scope);
    ql_http3_control_free(s->control);
    side_init(h, QL_CLIENT);
    ql_pushes_set_control(&h->scope, NULL);
    ql_qpack_free(h->scope.qpack[QL_CLIENT]);
    h->scope.qpack[QL_CLIENT] = ql_qpack_new(ql_message_on_section, &h->scope);
    const GArray *settings = ql_http3_settings(h, QL_SERVER);
    if (settings != NULL)
        ql_qpack_set_limit(h->scope.qpack[QL_CLIENT],
                           ql_http3_setting(settings, QL_SETTING_QPACK_MAX_TABLE_CAPACITY));
}
