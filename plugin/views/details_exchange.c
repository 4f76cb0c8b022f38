/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and responses: their header fields on the frame on which these could be read, their
 * sizes and times on the frame that ends them, and links from each to the other. */
#include "views/details_exchange.h"
#include "views/details_stream.h"
#include "views/exchange_title.h"
#include "views/view.h"

#include "model/http3_error.h"
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

static int hf_request = -1, hf_response = -1, hf_method = -1, hf_scheme = -1, hf_authority = -1,
           hf_path = -1, hf_url = -1, hf_request_header = -1, hf_request_trailer = -1,
           hf_request_size = -1, hf_status = -1, hf_informational = -1, hf_response_header = -1,
           hf_response_trailer = -1, hf_content_type = -1, hf_response_size = -1,
           hf_request_in = -1, hf_response_in = -1, hf_ends_in = -1, hf_first_byte = -1,
           hf_duration = -1, hf_reset_error = -1, hf_push_id = -1, hf_left_out = -1,
           hf_gap_time = -1, hf_qpack_time = -1;
static int ett_message = -1;

static hf_register_info request_fields[] = {
    { &hf_request,
      { "Request", "quiclens.request", FT_NONE, BASE_NONE, NULL, 0,
        "The fields of a request, or its end", HFILL } },
    { &hf_method,
      { "Method", "quiclens.request.method", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL } },
    { &hf_scheme,
      { "Scheme", "quiclens.request.scheme", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL } },
    { &hf_authority,
      { "Authority", "quiclens.request.authority", FT_STRING, BASE_NONE, NULL, 0,
        "Host and port that are asked", HFILL } },
    { &hf_path,
      { "Path", "quiclens.request.path", FT_STRING, BASE_NONE, NULL, 0, "With the query", HFILL } },
    { &hf_url,
      { "URL", "quiclens.request.url", FT_STRING, BASE_NONE, NULL, 0,
        "Scheme, authority and path together", HFILL } },
    { &hf_request_header,
      { "Request header", "quiclens.request.header", FT_STRING, BASE_NONE, NULL, 0,
        "One field: \"name: value\"", HFILL } },
    { &hf_request_trailer,
      { "Request trailer", "quiclens.request.trailer", FT_STRING, BASE_NONE, NULL, 0,
        "One field after the content: \"name: value\"", HFILL } },
    { &hf_request_size,
      { "Bytes of content in the request", "quiclens.request.body_size", FT_UINT64, BASE_DEC, NULL,
        0, "As sent, before any content coding is undone", HFILL } },
    { &hf_response_in,
      { "Response in", "quiclens.response_in", FT_FRAMENUM, BASE_NONE,
        FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "Where the response starts", HFILL } },
    { &hf_push_id,
      { "Push", "quiclens.request.push_id", FT_UINT64, BASE_DEC, NULL, 0,
        "The number under which the server promised this", HFILL } },
};

static hf_register_info response_fields[] = {
    { &hf_response,
      { "Response", "quiclens.response", FT_NONE, BASE_NONE, NULL, 0,
        "The fields of a response, or its end", HFILL } },
    { &hf_status,
      { "Status", "quiclens.response.status", FT_UINT16, BASE_DEC, NULL, 0, "Of the final response",
        HFILL } },
    { &hf_informational,
      { "Interim status", "quiclens.response.informational", FT_UINT16, BASE_DEC, NULL, 0,
        "Of a response that comes ahead of the final one (1xx)", HFILL } },
    { &hf_response_header,
      { "Response header", "quiclens.response.header", FT_STRING, BASE_NONE, NULL, 0,
        "One field: \"name: value\"", HFILL } },
    { &hf_response_trailer,
      { "Response trailer", "quiclens.response.trailer", FT_STRING, BASE_NONE, NULL, 0,
        "One field after the content: \"name: value\"", HFILL } },
    { &hf_content_type,
      { "Content type", "quiclens.response.content_type", FT_STRING, BASE_NONE, NULL, 0, NULL,
        HFILL } },
    { &hf_response_size,
      { "Bytes of content in the response", "quiclens.response.body_size", FT_UINT64, BASE_DEC,
        NULL, 0, "As sent, before any content coding is undone", HFILL } },
    { &hf_request_in,
      { "Request in", "quiclens.request_in", FT_FRAMENUM, BASE_NONE,
        FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "Where the request starts", HFILL } },
    { &hf_ends_in,
      { "Ends in", "quiclens.ends_in", FT_FRAMENUM, BASE_NONE, NULL, 0, "Where the response ends",
        HFILL } },
    { &hf_first_byte,
      { "Time to first byte", "quiclens.time_to_first_byte", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
        "From the first byte of the request to the first byte of the response", HFILL } },
    { &hf_duration,
      { "Duration", "quiclens.duration", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
        "From the first byte of the request to the last byte of the response", HFILL } },
    { &hf_reset_error,
      { "Broken off with", "quiclens.reset_error", FT_STRING, BASE_NONE, NULL, 0,
        "The error code of RESET_STREAM", HFILL } },
};

static hf_register_info common_fields[] = {
    { &hf_left_out,
      { "Fields left out", "quiclens.fields_left_out", FT_UINT32, BASE_DEC, NULL, 0,
        "They refer to QPACK's dynamic table, of which that part was not captured", HFILL } },
    { &hf_gap_time,
      { "Time behind gaps", "quiclens.gap_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
        "While bytes of the message were there and others before them were missing", HFILL } },
    { &hf_qpack_time,
      { "Time blocked by QPACK", "quiclens.qpack_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
        "While its header fields waited for entries of the dynamic table", HFILL } },
};

static void register_fields(int protocol)
{
    static int *subtrees[] = { &ett_message };
    proto_register_field_array(protocol, common_fields, array_length(common_fields));
    proto_register_field_array(protocol, request_fields, array_length(request_fields));
    proto_register_field_array(protocol, response_fields, array_length(response_fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

static void draw_string(const ql_drawing *drawing, proto_tree *tree, int field, const char *text)
{
    if (text != NULL)
        ql_draw_text(drawing, tree, field, text, strlen(text));
}

/* All but the pseudo-header fields, which have items of their own. */
static void draw_fields(const ql_drawing *drawing, proto_tree *tree, int field,
                        const ql_section *section)
{
    GString *line = g_string_new(NULL);
    for (uint32_t i = 0; i < section->fields->count; i++) {
        const ql_field *at = &section->fields->line[i];
        if (at->name_length > 0 && at->name[0] == ':' && !g_str_equal(at->name, ":protocol"))
            continue;
        g_string_truncate(line, 0);
        g_string_append_len(line, at->name, (gssize)at->name_length);
        g_string_append(line, ": ");
        g_string_append_len(line, at->value, (gssize)at->value_length);
        ql_draw_text(drawing, tree, field, line->str, line->len);
    }
    g_string_free(line, TRUE);
    if (section->left_out > 0)
        ql_draw_uint(drawing, tree, hf_left_out, section->left_out);
}

static void draw_link(const ql_drawing *drawing, proto_tree *tree, int field, uint32_t frame)
{
    ql_draw_frame(drawing, tree, field, frame != drawing->frame ? frame : 0);
}

static void draw_links(const ql_drawing *drawing, proto_tree *tree, const ql_exchange *exchange)
{
    const ql_message *response = &exchange->response;
    bool ended = response->complete || response->reset;
    draw_link(drawing, tree, hf_request_in, exchange->request.first.frame);
    draw_link(drawing, tree, hf_response_in, response->first.frame);
    draw_link(drawing, tree, hf_ends_in, ended ? response->last.frame : 0);
}

static bool has_headers_on(const ql_message *message, uint32_t frame)
{
    return message->headers != NULL && message->headers->decoded.frame == frame;
}

static bool has_end_on(const ql_message *message, uint32_t frame)
{
    return (message->complete || message->reset) && message->last.frame == frame;
}

static bool shows_headers(const ql_drawing *drawing, const ql_exchange *exchange)
{
    return has_headers_on(&exchange->request, drawing->frame) ||
           has_headers_on(&exchange->response, drawing->frame);
}

void ql_draw_links_of_piece(const ql_drawing *drawing, proto_tree *tree,
                            const ql_exchange *exchange)
{
    if (!shows_headers(drawing, exchange) && !has_end_on(&exchange->request, drawing->frame) &&
        !has_end_on(&exchange->response, drawing->frame))
        draw_links(drawing, tree, exchange);
}

static void draw_request(const ql_drawing *drawing, proto_tree *tree, const ql_exchange *exchange,
                         const ql_section *section)
{
    char *url = ql_exchange_url(exchange);
    draw_string(drawing, tree, hf_method, exchange->method);
    draw_string(drawing, tree, hf_url, url);
    draw_string(drawing, tree, hf_scheme, exchange->scheme);
    draw_string(drawing, tree, hf_authority, exchange->authority);
    draw_string(drawing, tree, hf_path, exchange->path);
    if (exchange->pushed)
        ql_draw_uint64(drawing, tree, hf_push_id, exchange->push_id);
    draw_fields(drawing, tree, hf_request_header, section);
    g_free(url);
}

static void draw_response(const ql_drawing *drawing, proto_tree *tree, const ql_exchange *exchange,
                          const ql_section *section)
{
    ql_draw_uint(drawing, tree, hf_status, section->status);
    draw_string(drawing, tree, hf_content_type, ql_section_value(section, "content-type"));
    draw_fields(drawing, tree, hf_response_header, section);
    ql_draw_seconds(drawing, tree, hf_first_byte, ql_exchange_time_to_first_byte(exchange));
}

/* The stream that carries the section: a push is promised on a request stream. */
static uint64_t carrier_of(const ql_exchange *exchange, const ql_section *section)
{
    return section->kind == QL_SECTION_PROMISE ? exchange->promised_on : exchange->stream_id;
}

static char *section_title(const ql_exchange *exchange, const ql_section *section)
{
    static const char *const kinds[] = {
        [QL_SECTION_REQUEST] = "Request",
        [QL_SECTION_INFORMATIONAL] = "Interim response",
        [QL_SECTION_RESPONSE] = "Response",
        [QL_SECTION_REQUEST_TRAILERS] = "Trailers of the request",
        [QL_SECTION_RESPONSE_TRAILERS] = "Trailers of the response",
        [QL_SECTION_PROMISE] = "Promise of a push",
    };
    char *exchange_title = ql_exchange_title(exchange);
    char *title = g_strdup_printf("%s on stream %" PRIu64 ": %s", kinds[section->kind],
                                  carrier_of(exchange, section), exchange_title);
    g_free(exchange_title);
    return title;
}

static bool is_of_response(const ql_section *section)
{
    return section->kind == QL_SECTION_RESPONSE || section->kind == QL_SECTION_INFORMATIONAL ||
           section->kind == QL_SECTION_RESPONSE_TRAILERS;
}

static void draw_section(const ql_drawing *drawing, const ql_section_event *event)
{
    const ql_exchange *exchange = event->exchange;
    const ql_section *section = event->section;
    proto_item *item =
        ql_draw_none(drawing, drawing->tree, is_of_response(section) ? hf_response : hf_request);
    proto_tree *tree = ql_draw_subtree(drawing, item, ett_message,
                                       drawing->visible ? section_title(exchange, section) : NULL);
    ql_draw_stream_id(drawing, tree, carrier_of(exchange, section));
    if (section->kind == QL_SECTION_PROMISE)
        ql_draw_stream_id(drawing, tree, exchange->stream_id); /* that it is followed by */
    switch (section->kind) {
    case QL_SECTION_REQUEST:
    case QL_SECTION_PROMISE: draw_request(drawing, tree, exchange, section); break;
    case QL_SECTION_INFORMATIONAL:
        ql_draw_uint(drawing, tree, hf_informational, section->status);
        draw_fields(drawing, tree, hf_response_header, section);
        break;
    case QL_SECTION_RESPONSE: draw_response(drawing, tree, exchange, section); break;
    case QL_SECTION_REQUEST_TRAILERS:
        draw_fields(drawing, tree, hf_request_trailer, section);
        break;
    case QL_SECTION_RESPONSE_TRAILERS:
        draw_fields(drawing, tree, hf_response_trailer, section);
        break;
    }
    if (section == exchange->request.headers || section == exchange->response.headers)
        draw_links(drawing, tree, exchange);
}

static char *end_title(const ql_end_event *event)
{
    const ql_message *message =
        event->response ? &event->exchange->response : &event->exchange->request;
    char *exchange_title = ql_exchange_title(event->exchange);
    char *title = g_strdup_printf(
        "%s of the %s on stream %" PRIu64 ": %s", message->reset ? "Breaking off" : "End",
        event->response ? "response" : "request", event->exchange->stream_id, exchange_title);
    g_free(exchange_title);
    return title;
}

/* Nothing where it did not wait. */
static void draw_waiting(const ql_drawing *drawing, proto_tree *tree, int field, uint64_t time_ns)
{
    ql_draw_seconds(drawing, tree, field, time_ns > 0 ? (double)time_ns / 1e9 : -1);
}

static void draw_end(const ql_drawing *drawing, const ql_end_event *event)
{
    const ql_exchange *exchange = event->exchange;
    const ql_message *message = event->response ? &exchange->response : &exchange->request;
    proto_item *item =
        ql_draw_none(drawing, drawing->tree, event->response ? hf_response : hf_request);
    proto_tree *tree =
        ql_draw_subtree(drawing, item, ett_message, drawing->visible ? end_title(event) : NULL);
    ql_draw_stream_id(drawing, tree, exchange->stream_id);
    ql_draw_uint64(drawing, tree, event->response ? hf_response_size : hf_request_size,
                   message->body_size);
    if (message->reset) {
        char *error = ql_http3_error_text(message->reset_error);
        ql_draw_string(drawing, tree, hf_reset_error, error);
        g_free(error);
    } else if (event->response) {
        ql_draw_seconds(drawing, tree, hf_duration, ql_exchange_duration(exchange));
    }
    if (!shows_headers(drawing, exchange))
        draw_links(drawing, tree, exchange);
    draw_waiting(drawing, tree, hf_gap_time, message->gap_ns);
    draw_waiting(drawing, tree, hf_qpack_time, message->blocked_ns);
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next) {
        if (event->kind == QL_EVENT_SECTION)
            draw_section(drawing, &event->section);
        else if (event->kind == QL_EVENT_END)
            draw_end(drawing, &event->end);
    }
}

const ql_view ql_view_exchange = { "exchange", register_fields, draw, false };
