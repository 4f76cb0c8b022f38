/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_events.h"

#include <inttypes.h>

#include <wsutil/json_dumper.h>

static void write_hex(FILE *out, const char *name, const uint8_t *bytes, size_t length)
{
    fprintf(out, ",\"%s\":\"", name);
    for (size_t i = 0; i < length; i++)
        fprintf(out, "%02x", bytes[i]);
    fputc('"', out);
}

static void write_cid(FILE *out, const ql_cid_event *event)
{
    const ql_cid_entry *entry = event->cid;
    fprintf(out, ",\"event\":\"cid.%s\"", ql_cid_event_name((ql_cid_event_kind)event->kind));
    write_hex(out, "value", entry->cid.bytes, entry->cid.length);
    if (entry->has_sequence)
        fprintf(out, ",\"sequence\":%" PRIu64, entry->sequence);
    else
        fputs(",\"sequence\":null", out);
    fprintf(out, ",\"repeated\":%s", event->repeated ? "true" : "false");
    if (event->previous != NULL)
        write_hex(out, "previous", event->previous->cid.bytes, event->previous->cid.length);
    else
        fputs(",\"previous\":null", out);
    if (event->reason != NULL)
        fprintf(out, ",\"reason\":\"%s\"", event->reason);
    else
        fputs(",\"reason\":null", out);
}

static void write_path(FILE *out, const ql_path_event *event)
{
    fprintf(out, ",\"event\":\"path.%s\",\"path\":%u",
            ql_path_event_name((ql_path_event_kind)event->kind), event->path->id);
    if (event->kind == QL_PATH_CHALLENGE || event->kind == QL_PATH_RESPONSE)
        write_hex(out, "data", event->data, sizeof event->data);
}

static void write_text(FILE *out, const char *text)
{
    json_dumper json = { .output_string = g_string_new(NULL) };
    json_dumper_value_string(&json, text);
    json_dumper_finish(&json);
    fprintf(out, ",\"event\":\"text\",\"text\":%s", g_strchomp(json.output_string->str));
    g_string_free(json.output_string, TRUE);
}

static void write_frame(FILE *out, const ql_session *session, uint32_t frame)
{
    const ql_packet_event *packet = NULL;
    for (const ql_event *event = ql_session_events(session, frame); event != NULL;
         event = event->next) {
        if (event->kind == QL_EVENT_PACKET)
            packet = &event->packet;
        if (packet == NULL || (event->kind != QL_EVENT_CID && event->kind != QL_EVENT_PATH &&
                               event->kind != QL_EVENT_TEXT))
            continue;
        fprintf(out, "{\"connection\":%u,\"frame\":%u,\"sender\":\"%s\",\"number\":%" PRIu64,
                ql_connection_facts_of(packet->connection)->number, frame,
                ql_side_name((ql_side)packet->sender), packet->packet_number);
        if (event->kind == QL_EVENT_CID)
            write_cid(out, &event->cid);
        else if (event->kind == QL_EVENT_TEXT)
            write_text(out, event->text.text);
        else
            write_path(out, &event->path);
        fputs("}\n", out);
    }
}

void capture_write_events(const ql_session *session, FILE *out)
{
    uint32_t last = 0;
    for (unsigned i = 0; i < ql_session_connection_count(session); i++)
        last = MAX(last, ql_connection_facts_of(ql_session_connection(session, i))->last.frame);
    for (uint32_t frame = 1; frame <= last; frame++)
        write_frame(out, session, frame);
}
