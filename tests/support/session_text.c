/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_text.h"

#include <inttypes.h>
#include <string.h>

#define BOTH "[%" PRIu64 ", %" PRIu64 "]"

static void put_counters(GString *out, const ql_connection_facts *facts)
{
    g_string_append_printf(
        out, " packets %" PRIu64 " datagrams %" PRIu64 " bytes %" PRIu64 " last %u closed",
        facts->packets, facts->datagrams, facts->bytes, facts->last.frame);
    for (int cause = 0; cause < QL_CLOSED_CAUSE_COUNT; cause++)
        g_string_append_printf(out, " %" PRIu64, facts->closed[cause]);
    g_string_append_c(out, '\n');
}

static void put_connection(GString *out, const ql_connection_facts *facts)
{
    g_autofree char *client = ql_endpoint_text(&facts->client);
    g_autofree char *server = ql_endpoint_text(&facts->server);
    g_string_append_printf(
        out,
        "connection %u version %08x %s -> %s name '%s' alpn '%s' suite %s%s%s%s%s secrets %s\n",
        facts->number, facts->version, client, server, facts->server_name, facts->alpn,
        facts->has_suite ? ql_suite_name(facts->suite) : "-",
        facts->start_missing ? " start-missing" : "", facts->retried ? " retried" : "",
        facts->early_data_accepted ? " early" : "", facts->close.frame != 0 ? " closed" : "",
        ql_secrets_state_name(facts->secrets));
    put_counters(out, facts);
}

static int by_value(gconstpointer a, gconstpointer b)
{
    const ql_cid_entry *x = *(ql_cid_entry *const *)a, *y = *(ql_cid_entry *const *)b;
    return memcmp(&x->cid, &y->cid, sizeof x->cid);
}

static void put_cids(GString *out, const ql_connection *connection, ql_side issuer)
{
    /* The order of entering depends on when secrets came. */
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    g_ptr_array_extend(sorted, (GPtrArray *)ql_connection_cids(connection, issuer), NULL, NULL);
    g_ptr_array_sort(sorted, by_value);
    for (guint i = 0; i < sorted->len; i++) {
        const ql_cid_entry *e = g_ptr_array_index(sorted, i);
        g_autofree char *value = ql_cid_text(&e->cid);
        g_string_append_printf(out, " cid %s %s %s", ql_side_name(issuer), value,
                               ql_cid_origin_name(e->origin));
        if (e->has_sequence)
            g_string_append_printf(out, " #%" PRIu64, e->sequence);
        g_string_append_printf(out, "%s issued %u x%u first %u last %u retired %u acked %u",
                               e->has_reset_token ? " token" : "", e->issued_frame, e->issues,
                               e->first_used_frame, e->last_used_frame, e->retired_frame,
                               e->retirement_acked_frame);
        g_string_append_printf(out, " packets %" PRIu64 " bytes %" PRIu64 "\n", e->packets,
                               e->bytes);
    }
}

static void put_paths(GString *out, const ql_connection *connection)
{
    const GPtrArray *paths = ql_connection_paths(connection);
    for (guint i = 0; i < paths->len; i++) {
        const ql_path *p = g_ptr_array_index(paths, i);
        g_autofree char *client = ql_endpoint_text(&p->client);
        g_autofree char *server = ql_endpoint_text(&p->server);
        g_string_append_printf(out,
                               " path %u %s -> %s %s%s%s%s frames %u-%u packets " BOTH
                               " bytes " BOTH " challenge %u response %u\n",
                               p->id, client, server, ql_path_cause_name(p->cause),
                               p->used ? " used" : "", p->validated ? " validated" : "",
                               p->left ? " left" : "", p->first_frame, p->last_frame, p->packets[0],
                               p->packets[1], p->bytes[0], p->bytes[1], p->challenge_frame,
                               p->response_frame);
    }
}

static void put_streams(GString *out, const ql_connection *connection)
{
    const ql_streams *streams = ql_connection_streams(connection);
    for (uint64_t id = 0; id < 64; id++) {
        const ql_stream_facts *s = ql_streams_find(streams, id);
        if (s != NULL)
            g_string_append_printf(out, " stream %" PRIu64 " received " BOTH " in order " BOTH "\n",
                                   id, s->half[0].received, s->half[1].received,
                                   s->half[0].in_order, s->half[1].in_order);
    }
    const GPtrArray *exchanges = ql_streams_exchanges(streams);
    for (guint i = 0; i < exchanges->len; i++) {
        const ql_exchange *e = g_ptr_array_index(exchanges, i);
        g_autofree char *url = ql_exchange_url(e);
        g_string_append_printf(out, " exchange %" PRIu64 " %s %u body " BOTH " frames %u %u%s\n",
                               e->stream_id, url, e->status, e->request.body_size,
                               e->response.body_size, e->request.first.frame,
                               e->response.first.frame, e->response.complete ? " complete" : "");
    }
}

char *session_facts_text(const ql_session *session)
{
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < ql_session_connection_count(session); i++) {
        const ql_connection *connection = ql_session_connection(session, i);
        put_connection(out, ql_connection_facts_of(connection));
        put_cids(out, connection, QL_CLIENT);
        put_cids(out, connection, QL_SERVER);
        put_paths(out, connection);
        put_streams(out, connection);
    }
    return g_string_free(out, FALSE);
}

char *session_findings_text(const ql_session *session)
{
    GString *out = g_string_new(NULL);
    const GPtrArray *findings = ql_session_findings(session);
    for (guint i = 0; i < findings->len; i++) {
        const ql_finding *f = g_ptr_array_index(findings, i);
        g_string_append_printf(out, "%s%s@%u", i > 0 ? " " : "", ql_finding_kind_of(f->code)->code,
                               f->frame);
    }
    return g_string_free(out, FALSE);
}

static void put_packet(GString *out, const ql_packet_event *p)
{
    g_string_append_printf(out, "packet(%s %s", ql_packet_type_name((ql_packet_type)p->type),
                           ql_side_name((ql_side)p->sender));
    if (p->closed == QL_OPENED)
        g_string_append_printf(out, " %" PRIu64, p->packet_number);
    else
        g_string_append_printf(out, ": %s", ql_closed_cause_text((ql_closed_cause)p->closed));
    g_string_append_printf(out, "%s%s)", p->key_update ? " key-update" : "",
                           p->duplicate ? " duplicate" : "");
}

static void put_event(GString *out, const ql_event *e)
{
    switch (e->kind) {
    case QL_EVENT_PACKET: put_packet(out, &e->packet); break;
    case QL_EVENT_STREAM:
        g_string_append_printf(out, "stream(%" PRIu64 " %" PRIu64 "+%u)", e->stream.stream->id,
                               e->stream.offset, e->stream.length);
        break;
    case QL_EVENT_SECTION: g_string_append(out, "section"); break;
    case QL_EVENT_END: g_string_append(out, "end"); break;
    case QL_EVENT_CID:
        g_string_append_printf(
            out, "cid(%s%s%s)", ql_cid_event_name((ql_cid_event_kind)e->cid.kind),
            e->cid.reason != NULL ? ": " : "", e->cid.reason != NULL ? e->cid.reason : "");
        break;
    case QL_EVENT_PATH:
        g_string_append_printf(out, "path(%s %u)",
                               ql_path_event_name((ql_path_event_kind)e->path.kind),
                               e->path.path->id);
        break;
    case QL_EVENT_FINDING:
        g_string_append_printf(out, "finding(%s)", ql_finding_kind_of(e->finding->code)->code);
        break;
    case QL_EVENT_SIGNAL:
        g_string_append_printf(out, "signal(%s %" G_GUINT64_FORMAT ")", e->signal.frame,
                               e->signal.id);
        break;
    case QL_EVENT_TEXT: g_string_append_printf(out, "text(%s)", e->text.text); break;
    }
}

char *session_events_text(const ql_session *session, uint32_t frame)
{
    GString *out = g_string_new(NULL);
    for (const ql_event *e = ql_session_events(session, frame); e != NULL; e = e->next) {
        if (out->len > 0)
            g_string_append_c(out, ' ');
        put_event(out, e);
    }
    return g_string_free(out, FALSE);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *session_sorted_events_text(const ql_session *session, uint32_t frame)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (const ql_event *e = ql_session_events(session, frame); e != NULL; e = e->next) {
        GString *line = g_string_new(NULL);
        put_event(line, e);
        g_ptr_array_add(lines, g_string_free(line, FALSE));
    }
    g_ptr_array_sort(lines, by_text);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}
