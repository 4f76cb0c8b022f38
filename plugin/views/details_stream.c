/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The STREAM frames of a captured frame: a piece of which stream, and of which exchange. And those
 * frames that say something about a stream. */
#include "views/details_stream.h"

#include "views/details_exchange.h"
#include "views/exchange_title.h"
#include "views/frame_subject.h"
#include "views/view.h"

#include "model/http3_error.h"
#include "reports/text.h"

#include <inttypes.h>

#define EVENTS_SEARCHED_MAX 64u

static int hf_id = -1, hf_role = -1, hf_offset = -1, hf_length = -1, hf_fin = -1,
           hf_retransmission = -1, hf_out_of_order = -1, hf_blocked = -1, hf_early_data = -1,
           hf_size = -1, hf_session = -1, hf_signal = -1, hf_limit = -1, hf_error = -1,
           hf_push = -1;
static int ett_stream = -1, ett_signal = -1;

static void register_fields(int protocol)
{
    static hf_register_info fields[] = {
        { &hf_id,
          { "Stream", "quiclens.stream.id", FT_UINT64, BASE_DEC, NULL, 0,
            "Even numbers were opened by the client; those of 4n are requests", HFILL } },
        { &hf_role,
          { "Role", "quiclens.stream.role", FT_STRING, BASE_NONE, NULL, 0,
            "request, push, control, qpack-encoder, qpack-decoder or other", HFILL } },
        { &hf_offset,
          { "Offset", "quiclens.stream.offset", FT_UINT64, BASE_DEC, NULL, 0,
            "Where on the stream these bytes belong", HFILL } },
        { &hf_length,
          { "Bytes", "quiclens.stream.length", FT_UINT32, BASE_DEC, NULL, 0,
            "Bytes of the stream in this frame", HFILL } },
        { &hf_fin,
          { "Last of the stream", "quiclens.stream.fin", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "The sender has nothing more to send on this stream", HFILL } },
        { &hf_retransmission,
          { "Retransmission", "quiclens.stream.retransmission", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "All of these bytes were captured before", HFILL } },
        { &hf_out_of_order,
          { "Out of order", "quiclens.stream.out_of_order", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "Bytes before these are still missing", HFILL } },
        { &hf_blocked,
          { "Blocked by QPACK", "quiclens.stream.blocked", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "Header fields that refer to table entries which have not come yet", HFILL } },
        { &hf_size,
          { "Bytes of the whole stream", "quiclens.stream.size", FT_UINT64, BASE_DEC, NULL, 0,
            "In this direction, once its end is known", HFILL } },
        { &hf_session,
          { "WebTransport session", "quiclens.stream.session", FT_UINT64, BASE_DEC, NULL, 0,
            "The request stream that began the session of this stream", HFILL } },
        { &hf_signal,
          { "About a stream", "quiclens.stream.signal", FT_STRING, BASE_NONE, NULL, 0,
            "The name of a frame about a stream, or a push, that carries none of its bytes: "
            "RESET_STREAM, STOP_SENDING, MAX_STREAM_DATA, STREAM_DATA_BLOCKED, DATAGRAM, "
            "PRIORITY_UPDATE, CANCEL_PUSH, ...",
            HFILL } },
        { &hf_limit,
          { "Limit", "quiclens.stream.limit", FT_UINT64, BASE_DEC, NULL, 0,
            "Bytes of the stream that the receiver allows, or that the sender is held up at",
            HFILL } },
        { &hf_error,
          { "Error", "quiclens.stream.error", FT_STRING, BASE_NONE, NULL, 0,
            "The error code of RESET_STREAM or STOP_SENDING", HFILL } },
        { &hf_push,
          { "Push", "quiclens.stream.push_id", FT_UINT64, BASE_DEC, NULL, 0,
            "The push that is spoken of, by its number", HFILL } },
        { &hf_early_data,
          { "Early data", "quiclens.stream.early_data", FT_BOOLEAN, BASE_NONE, NULL, 0,
            "Sent in a 0-RTT packet, before the handshake was done", HFILL } },
    };
    static int *subtrees[] = { &ett_stream, &ett_signal };
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

void ql_draw_stream_id(const ql_drawing *drawing, proto_tree *tree, uint64_t id)
{
    if (id == QL_NO_STREAM)
        return;
    unsigned searched = 0;
    for (const ql_event *event = drawing->events; event != NULL && searched < EVENTS_SEARCHED_MAX;
         event = event->next, searched++)
        if (event->kind == QL_EVENT_STREAM && event->stream.stream->id == id)
            return;
    ql_draw_uint64(drawing, tree, hf_id, id);
}

/* What the stream is for, in words. */
static char *purpose_of(const ql_stream_piece *piece)
{
    const ql_stream_facts *stream = piece->stream;
    const char *sender = ql_side_name(piece->sender);
    switch (stream->role) {
    case QL_ROLE_REQUEST:
    case QL_ROLE_PUSH:
        return stream->exchange != NULL ? ql_exchange_title(stream->exchange)
                                        : g_strdup("a request");
    case QL_ROLE_CONTROL: return g_strdup_printf("the %s's control stream", sender);
    case QL_ROLE_QPACK_ENCODER: return g_strdup_printf("the %s's QPACK encoder stream", sender);
    case QL_ROLE_QPACK_DECODER: return g_strdup_printf("the %s's QPACK decoder stream", sender);
    case QL_ROLE_WEBTRANSPORT:
        return stream->session == QL_NO_STREAM
                   ? g_strdup("a WebTransport stream")
                   : g_strdup_printf("a stream of the WebTransport session of stream %" PRIu64,
                                     stream->session);
    case QL_ROLE_UNKNOWN:
    case QL_ROLE_OTHER: break;
    }
    return g_strdup("a stream");
}

/* Which part of the stream a piece is: "100 bytes from offset 200 on, of 1,300". */
static char *part_of(const ql_stream_piece *piece)
{
    bool sized = piece->stream->half[piece->sender].has_final_size;
    uint64_t all = piece->stream->half[piece->sender].final_size;
    char *length = ql_text_bytes(piece->length), *offset = ql_text_count(piece->offset);
    char *size = ql_text_count(all);
    char *text = NULL;
    if (sized && piece->length == all)
        text = g_strdup_printf("all of it, %s", length);
    else
        text = g_strdup_printf("%s from offset %s on%s%s", length, offset,
                               !sized       ? ""
                               : piece->fin ? ", the last of "
                                            : ", of ",
                               sized ? size : "");
    g_free(length);
    g_free(offset);
    g_free(size);
    return text;
}

static char *title_of(const ql_stream_piece *piece)
{
    char *purpose = purpose_of(piece), *part = part_of(piece);
    char *title = g_strdup_printf("Stream %" PRIu64 ": %s%s; %s", piece->stream->id, part,
                                  piece->retransmission ? ", sent again" : "", purpose);
    g_free(purpose);
    g_free(part);
    return title;
}

static void draw_piece(const ql_drawing *drawing, const ql_stream_piece *piece)
{
    proto_item *item = ql_draw_uint64(drawing, drawing->tree, hf_id, piece->stream->id);
    proto_tree *tree =
        ql_draw_subtree(drawing, item, ett_stream, drawing->visible ? title_of(piece) : NULL);
    ql_draw_string(drawing, tree, hf_role, ql_stream_role_name(piece->stream->role));
    ql_draw_uint64(drawing, tree, hf_offset, piece->offset);
    ql_draw_uint(drawing, tree, hf_length, piece->length);
    if (piece->stream->half[piece->sender].has_final_size)
        ql_draw_uint64(drawing, tree, hf_size, piece->stream->half[piece->sender].final_size);
    if (piece->stream->exchange != NULL)
        ql_draw_links_of_piece(drawing, tree, piece->stream->exchange);
    if (piece->stream->session != QL_NO_STREAM)
        ql_draw_uint64(drawing, tree, hf_session, piece->stream->session);
    ql_draw_boolean(drawing, tree, hf_fin, piece->fin);
    ql_draw_boolean(drawing, tree, hf_retransmission, piece->retransmission);
    ql_draw_boolean(drawing, tree, hf_out_of_order, piece->out_of_order);
    ql_draw_boolean(drawing, tree, hf_blocked, piece->blocked);
    if (piece->early_data)
        ql_draw_boolean(drawing, tree, hf_early_data, true);
}

/* "H3_NO_ERROR (0x100)", where the stream is one of HTTP/3. The caller frees it. */
static char *error_text(const ql_drawing *drawing, const ql_signal_event *signal)
{
    const ql_connection *connection = ql_frame_connection(drawing->events);
    return connection != NULL && ql_streams_are_http3(ql_connection_streams(connection))
               ? ql_http3_error_text(signal->value)
               : g_strdup_printf("0x%" PRIx64, signal->value);
}

static char *signal_title(const ql_signal_event *signal, const char *error,
                          const ql_exchange *exchange)
{
    GString *title = g_string_new(NULL);
    g_string_append_printf(title, "%s %" PRIu64 ": %s of the %s", signal->push ? "Push" : "Stream",
                           signal->id, signal->frame, ql_side_name(signal->sender));
    if (signal->meaning == QL_SIGNAL_LIMIT)
        g_string_append_printf(title, ", up to offset %" PRIu64, signal->value);
    if (error != NULL)
        g_string_append_printf(title, ", %s", error);
    if (exchange != NULL) {
        char *of = ql_exchange_title(exchange);
        g_string_append_printf(title, "; %s", of);
        g_free(of);
    }
    return g_string_free(title, FALSE);
}

static void draw_signal(const ql_drawing *drawing, const ql_signal_event *signal)
{
    const ql_stream_facts *stream = ql_signal_stream(drawing->events, signal);
    const ql_exchange *exchange = ql_signal_exchange(drawing->events, signal);
    char *error = signal->meaning == QL_SIGNAL_ERROR ? error_text(drawing, signal) : NULL;
    proto_item *item = ql_draw_string(drawing, drawing->tree, hf_signal, signal->frame);
    proto_tree *tree = ql_draw_subtree(
        drawing, item, ett_signal, drawing->visible ? signal_title(signal, error, exchange) : NULL);
    if (signal->push)
        ql_draw_uint64(drawing, tree, hf_push, signal->id);
    if (!signal->push || stream != NULL)
        ql_draw_uint64(drawing, tree, hf_id, signal->push ? stream->id : signal->id);
    if (stream != NULL)
        ql_draw_string(drawing, tree, hf_role, ql_stream_role_name(stream->role));
    if (stream != NULL && stream->session != QL_NO_STREAM)
        ql_draw_uint64(drawing, tree, hf_session, stream->session);
    if (signal->meaning == QL_SIGNAL_LIMIT)
        ql_draw_uint64(drawing, tree, hf_limit, signal->value);
    ql_draw_string(drawing, tree, hf_error, error);
    if (exchange != NULL)
        ql_draw_links_of_piece(drawing, tree, exchange);
    g_free(error);
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_STREAM)
            draw_piece(drawing, &event->stream);
        else if (event->kind == QL_EVENT_SIGNAL)
            draw_signal(drawing, &event->signal);
}

const ql_view ql_view_stream = { "stream", register_fields, draw, false };
