/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/json_http3.h"
#include "reports/json_line.h"
#include "reports/text.h"

#include <string.h>

typedef void (*line_writer)(json_dumper *json, const void *thing, uint32_t connection);

/* A line to be: where it belongs, and what it is about. */
typedef struct line {
    uint32_t frame;
    unsigned order; /* among lines of the same frame: as they were gathered */
    uint32_t connection;
    const void *thing;
    line_writer write;
} line;

static void gather(GArray *lines, uint32_t frame, uint32_t connection, const void *thing,
                   line_writer write)
{
    line fresh = { frame, lines->len, connection, thing, write };
    g_array_append_val(lines, fresh);
}

static void write_close(json_dumper *json, const ql_connection_facts *facts)
{
    json_dumper_set_member_name(json, "close");
    if (facts->close.frame == 0) {
        json_dumper_value_string(json, NULL);
        return;
    }
    json_dumper_begin_object(json);
    ql_json_frame(json, "frame", facts->close.frame);
    ql_json_string(json, "sender", ql_side_name(facts->close.sender));
    ql_json_boolean(json, "application", facts->close.application);
    ql_json_number(json, "error", facts->close.error);
    ql_json_number_if(json, "frame_type", !facts->close.application, facts->close.frame_type);
    ql_json_text(json, "reason", facts->close.reason != NULL ? facts->close.reason : "");
    json_dumper_end_object(json);
}

static void write_connection(json_dumper *json, const void *thing, uint32_t connection)
{
    const ql_connection_facts *facts = ql_connection_facts_of(thing);
    const ql_streams *streams = ql_connection_streams(thing);
    char version[sizeof "0x00000000"];
    g_snprintf(version, sizeof version, "0x%08x", facts->version);
    ql_json_string(json, "type", "connection");
    ql_json_number(json, "connection", connection);
    ql_json_string(json, "version", version);
    ql_json_text(json, "alpn", facts->alpn[0] != '\0' ? facts->alpn : NULL);
    if (facts->has_client_random)
        ql_json_hex(json, "client_random", facts->client_random, sizeof facts->client_random);
    else
        ql_json_string(json, "client_random", NULL);
    ql_json_string(json, "secrets", ql_secrets_state_name(facts->secrets));
    ql_json_endpoint(json, "client", &facts->client);
    ql_json_endpoint(json, "server", &facts->server);
    ql_json_frame(json, "first_frame", facts->first.frame);
    ql_json_frame(json, "last_frame", facts->last.frame);
    ql_json_number(json, "packets", facts->packets);
    write_close(json, facts);
    ql_json_settings(json, "client_settings", ql_streams_settings(streams, QL_CLIENT));
    ql_json_settings(json, "server_settings", ql_streams_settings(streams, QL_SERVER));
}

/* These have keys of their own. */
static bool has_own_key(const char *name)
{
    static const char *const names[] = { ":method", ":scheme", ":authority", ":path", ":status" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(name, names[i]))
            return true;
    return false;
}

static void write_bytes(json_dumper *json, const char *bytes, size_t length)
{
    char *valid = g_utf8_make_valid(bytes, (gssize)length);
    json_dumper_value_string(json, valid);
    g_free(valid);
}

static void write_lines(json_dumper *json, const ql_section *section)
{
    json_dumper_begin_array(json);
    for (guint i = 0; section != NULL && i < section->fields->count; i++) {
        const ql_field *field = &section->fields->line[i];
        if (has_own_key(field->name))
            continue;
        json_dumper_begin_array(json);
        write_bytes(json, field->name, field->name_length);
        write_bytes(json, field->value, field->value_length);
        json_dumper_end_array(json);
    }
    json_dumper_end_array(json);
}

static void write_fields(json_dumper *json, const char *name, const ql_section *section)
{
    json_dumper_set_member_name(json, name);
    write_lines(json, section);
}

/* The statuses, and the fields of each. */
static void write_informational(json_dumper *json, const GPtrArray *sections)
{
    json_dumper_set_member_name(json, "informational");
    json_dumper_begin_array(json);
    for (guint i = 0; sections != NULL && i < sections->len; i++) {
        const ql_section *section = g_ptr_array_index(sections, i);
        json_dumper_value_anyf(json, "%u", section->status);
    }
    json_dumper_end_array(json);
    json_dumper_set_member_name(json, "informational_headers");
    json_dumper_begin_array(json);
    for (guint i = 0; sections != NULL && i < sections->len; i++)
        write_lines(json, g_ptr_array_index(sections, i));
    json_dumper_end_array(json);
}

static void write_body(json_dumper *json, const char *size, const char *sha256,
                       const ql_message *message)
{
    ql_json_number(json, size, message->body_size);
    if (message->sha256 != NULL)
        ql_json_hex(json, sha256, message->sha256, QL_SHA256_LENGTH);
    else
        ql_json_string(json, sha256, NULL);
}

/* Header fields that cannot be read. */
static unsigned left_out_of(const ql_message *message)
{
    return message->headers != NULL ? message->headers->left_out : 0;
}

static void write_exchange(json_dumper *json, const void *thing, uint32_t connection)
{
    const ql_exchange *exchange = thing;
    const ql_message *request = &exchange->request, *response = &exchange->response;
    ql_json_string(json, "type", "exchange");
    ql_json_number(json, "connection", connection);
    ql_json_number_if(json, "stream", exchange->stream_id != QL_NO_STREAM, exchange->stream_id);
    ql_json_boolean(json, "pushed", exchange->pushed);
    ql_json_text(json, "method", exchange->method);
    ql_json_text(json, "scheme", exchange->scheme);
    ql_json_text(json, "authority", exchange->authority);
    ql_json_text(json, "path", exchange->path);
    ql_json_number_if(json, "status", exchange->status != 0, exchange->status);
    write_informational(json, exchange->informational);
    write_fields(json, "request_headers", request->headers);
    write_fields(json, "response_headers", response->headers);
    write_fields(json, "request_trailers", request->trailers);
    write_fields(json, "response_trailers", response->trailers);
    write_body(json, "request_body_size", "request_body_sha256", request);
    write_body(json, "response_body_size", "response_body_sha256", response);
    ql_json_frame(json, "request_frame", request->first.frame);
    ql_json_frame(json, "response_frame", response->first.frame);
    ql_json_frame(json, "end_frame", response->complete ? response->last.frame : 0);
    ql_json_seconds(json, "time_to_first_byte", ql_exchange_time_to_first_byte(exchange));
    ql_json_seconds(json, "duration", ql_exchange_duration(exchange));
    ql_json_boolean(json, "complete", request->complete && response->complete);
    ql_json_number(json, "request_fields_left_out", left_out_of(request));
    ql_json_number(json, "response_fields_left_out", left_out_of(response));
    ql_json_seconds(json, "request_gap_time", (double)request->gap_ns / 1e9);
    ql_json_seconds(json, "response_gap_time", (double)response->gap_ns / 1e9);
    ql_json_seconds(json, "request_qpack_time", (double)request->blocked_ns / 1e9);
    ql_json_seconds(json, "response_qpack_time", (double)response->blocked_ns / 1e9);
    ql_json_boolean(json, "early_data", exchange->early_data);
    ql_json_number_if(json, "push_id", exchange->pushed, exchange->push_id);
    ql_json_number_if(json, "promised_on", exchange->pushed, exchange->promised_on);
    ql_json_number_if(json, "request_reset", request->reset, request->reset_error);
    ql_json_number_if(json, "response_reset", response->reset, response->reset_error);
    ql_json_number_if(json, "stop_sending", exchange->stop_sending, exchange->stop_error);
}

static void write_sides(json_dumper *json, const char *name, const uint64_t values[2])
{
    json_dumper_set_member_name(json, name);
    json_dumper_begin_object(json);
    ql_json_number(json, "client", values[QL_CLIENT]);
    ql_json_number(json, "server", values[QL_SERVER]);
    json_dumper_end_object(json);
}

static void write_cid(json_dumper *json, const void *thing, uint32_t connection)
{
    const ql_cid_entry *entry = thing;
    ql_json_string(json, "type", "cid");
    ql_json_number(json, "connection", connection);
    ql_json_string(json, "issuer", ql_side_name(entry->issuer));
    ql_json_number_if(json, "sequence", entry->has_sequence, entry->sequence);
    ql_json_hex(json, "value", entry->cid.bytes, entry->cid.length);
    ql_json_string(json, "origin", ql_cid_origin_name(entry->origin));
    if (entry->has_reset_token)
        ql_json_hex(json, "reset_token", entry->reset_token, sizeof entry->reset_token);
    else
        ql_json_string(json, "reset_token", NULL);
    ql_json_frame(json, "issued_frame", entry->issued_frame);
    ql_json_frame(json, "first_used_frame", entry->first_used_frame);
    ql_json_frame(json, "last_used_frame", entry->last_used_frame);
    ql_json_frame(json, "retired_frame", entry->retired_frame);
    ql_json_number(json, "packets", entry->packets);
    ql_json_number(json, "length", entry->cid.length);
    ql_json_number_if(json, "retire_prior_to", entry->origin == QL_ORIGIN_NEW_CONNECTION_ID,
                      entry->retire_prior_to);
    ql_json_number(json, "issues", entry->issues);
    ql_json_frame(json, "last_issued_frame", entry->last_issued_frame);
    ql_json_number(json, "bytes", entry->bytes);
    ql_json_frame(json, "retirement_acked_frame", entry->retirement_acked_frame);
}

/* Datagrams by ECN codepoint (RFC 3168, 5). */
static void write_ecn(json_dumper *json, const uint64_t ecn[4])
{
    json_dumper_begin_object(json);
    ql_json_number(json, "not_ect", ecn[0]);
    ql_json_number(json, "ect0", ecn[2]);
    ql_json_number(json, "ect1", ecn[1]);
    ql_json_number(json, "ce", ecn[3]);
    json_dumper_end_object(json);
}

static void write_path_cids(json_dumper *json, const ql_path *path, ql_side sender)
{
    json_dumper_begin_array(json);
    for (unsigned i = 0; i < path->cid_count[sender]; i++) {
        char *value =
            ql_text_hex(path->cids[sender][i]->cid.bytes, path->cids[sender][i]->cid.length);
        json_dumper_value_string(json, value);
        g_free(value);
    }
    json_dumper_end_array(json);
}

/* What each side sent on the path. */
static void write_path_sides(json_dumper *json, const ql_path *path)
{
    write_sides(json, "packets_from", path->packets);
    write_sides(json, "bytes_from", path->bytes);
    write_sides(json, "bytes_before_validation", path->before_validation);
    uint64_t largest[2] = { path->largest[QL_CLIENT], path->largest[QL_SERVER] };
    write_sides(json, "largest_datagram", largest);
    uint64_t delivered[2] = { path->delivered[QL_CLIENT], path->delivered[QL_SERVER] };
    write_sides(json, "largest_acknowledged_datagram", delivered);
    json_dumper_set_member_name(json, "ecn");
    json_dumper_begin_object(json);
    for (ql_side side = QL_CLIENT; side <= QL_SERVER; side++) {
        json_dumper_set_member_name(json, ql_side_name(side));
        write_ecn(json, path->ecn[side]);
    }
    json_dumper_end_object(json);
    json_dumper_set_member_name(json, "destination_cids");
    json_dumper_begin_object(json);
    for (ql_side side = QL_CLIENT; side <= QL_SERVER; side++) {
        json_dumper_set_member_name(json, ql_side_name(side));
        write_path_cids(json, path, side);
    }
    json_dumper_end_object(json);
}

static void write_path(json_dumper *json, const void *thing, uint32_t connection)
{
    const ql_path *path = thing;
    ql_json_string(json, "type", "path");
    ql_json_number(json, "connection", connection);
    ql_json_number(json, "id", path->id);
    ql_json_endpoint(json, "client", &path->client);
    ql_json_endpoint(json, "server", &path->server);
    ql_json_string(json, "cause", ql_path_cause_name(path->cause));
    ql_json_frame(json, "first_frame", path->first_frame);
    ql_json_frame(json, "last_frame", path->last_frame);
    ql_json_number(json, "packets", path->packets[QL_CLIENT] + path->packets[QL_SERVER]);
    ql_json_frame(json, "challenge_frame", path->challenge_frame);
    ql_json_frame(json, "response_frame", path->response_frame);
    ql_json_seconds(json, "validation_time",
                    path->response_frame != 0 ? (double)path->validation_ns / 1e9 : -1);
    ql_json_boolean(json, "validated", path->validated);
    ql_json_boolean(json, "abandoned", path->left);
    ql_json_number(json, "bytes", path->bytes[QL_CLIENT] + path->bytes[QL_SERVER]);
    ql_json_seconds(json, "spin_rtt",
                    path->spin_rtt_ns != 0 ? (double)path->spin_rtt_ns / 1e9 : -1);
    write_path_sides(json, path);
}

static void write_finding(json_dumper *json, const void *thing, uint32_t connection)
{
    const ql_finding *finding = thing;
    const ql_finding_kind *kind = ql_finding_kind_of(finding->code);
    ql_json_string(json, "type", "finding");
    ql_json_number_if(json, "connection", connection != QL_NO_CONNECTION, connection);
    ql_json_frame(json, "frame", finding->frame);
    ql_json_string(json, "code", kind->code);
    ql_json_string(json, "severity", ql_severity_name(kind->severity));
    ql_json_text(json, "text", finding->text);
    ql_json_string(json, "rfc", kind->rfc);
}

static void write_stream(json_dumper *json, const void *thing, uint32_t connection)
{
    ql_json_string(json, "type", "stream");
    ql_json_number(json, "connection", connection);
    ql_json_stream(json, thing);
}

/* What a frame says beside all that has lines of its own: GOAWAY, priorities, datagrams, ... */
typedef struct said {
    const ql_event *event;
    uint32_t frame;
} said;

static void write_said(json_dumper *json, const void *thing, uint32_t connection)
{
    const said *at = thing;
    ql_json_string(json, "type", "event");
    ql_json_number_if(json, "connection", connection != QL_NO_CONNECTION, connection);
    ql_json_frame(json, "frame", at->frame);
    ql_json_text(json, "text", at->event->text.text);
    ql_json_string(json, "rfc", at->event->text.rfc);
}

/* The earlier of two frames, of which 0 is never. */
static uint32_t earlier(uint32_t a, uint32_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static void gather_connection(GArray *lines, const ql_connection *connection)
{
    const ql_connection_facts *facts = ql_connection_facts_of(connection);
    uint32_t number = facts->number;
    gather(lines, facts->first.frame, number, connection, write_connection);
    const GPtrArray *paths = ql_connection_paths(connection);
    for (guint i = 0; i < paths->len; i++) {
        const ql_path *path = g_ptr_array_index(paths, i);
        gather(lines, path->first_frame, number, path, write_path);
    }
    for (ql_side issuer = QL_CLIENT; issuer <= QL_SERVER; issuer++) {
        const GPtrArray *cids = ql_connection_cids(connection, issuer);
        for (guint i = 0; i < cids->len; i++) {
            const ql_cid_entry *entry = g_ptr_array_index(cids, i);
            gather(lines, earlier(entry->issued_frame, entry->first_used_frame), number, entry,
                   write_cid);
        }
    }
    const ql_streams *streams = ql_connection_streams(connection);
    for (unsigned i = 0; i < ql_streams_count(streams); i++) {
        const ql_stream_facts *stream = ql_streams_at(streams, i);
        if (ql_json_stream_has_own_line(stream))
            gather(lines, stream->first_frame, number, stream, write_stream);
    }
    const GPtrArray *exchanges = ql_streams_exchanges(streams);
    for (guint i = 0; i < exchanges->len; i++) {
        const ql_exchange *exchange = g_ptr_array_index(exchanges, i);
        gather(lines, earlier(exchange->request.first.frame, exchange->response.first.frame),
               number, exchange, write_exchange);
    }
}

/* What is said on a frame is of the connection of the packet ahead of it. */
static void gather_said(GArray *lines, GPtrArray *all, const ql_session *session, uint32_t frame)
{
    uint32_t connection = QL_NO_CONNECTION;
    for (const ql_event *event = ql_session_events(session, frame); event != NULL;
         event = event->next) {
        if (event->kind == QL_EVENT_PACKET)
            connection = ql_connection_facts_of(event->packet.connection)->number;
        if (event->kind != QL_EVENT_TEXT)
            continue;
        said *at = g_new(said, 1);
        *at = (said){ event, frame };
        g_ptr_array_add(all, at);
        gather(lines, frame, connection, at, write_said);
    }
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    const line *x = a, *y = b;
    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

void ql_report_json(const ql_session *session, FILE *out)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(line));
    GPtrArray *all_said = g_ptr_array_new_with_free_func(g_free);
    uint32_t last_frame = 0;
    for (unsigned c = 0; c < ql_session_connection_count(session); c++) {
        const ql_connection *connection = ql_session_connection(session, c);
        gather_connection(lines, connection);
        last_frame = MAX(last_frame, ql_connection_facts_of(connection)->last.frame);
    }
    for (uint32_t frame = 1; frame <= last_frame; frame++)
        gather_said(lines, all_said, session, frame);
    const GPtrArray *findings = ql_session_findings(session);
    for (guint i = 0; i < findings->len; i++) {
        const ql_finding *finding = g_ptr_array_index(findings, i);
        gather(lines, finding->frame, finding->connection, finding, write_finding);
    }
    g_array_sort(lines, compare_lines);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        const line *at = &g_array_index(lines, line, i);
        json_dumper json = { .output_string = text };
        json_dumper_begin_object(&json);
        at->write(&json, at->thing, at->connection);
        json_dumper_end_object(&json);
        json_dumper_finish(&json);
        if (text->len == 0 || text->str[text->len - 1] != '\n')
            g_string_append_c(text, '\n');
        fwrite(text->str, 1, text->len, out);
        g_string_truncate(text, 0);
    }
    g_ptr_array_free(all_said, TRUE);
    g_string_free(text, TRUE);
    g_array_free(lines, TRUE);
}
