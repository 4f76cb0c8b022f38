/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of one connection: new ones, validation, and where the client has gone (RFC 9000, 8.2 and
 * 9). */
#include "model/connection_state.h"

#include <string.h>

#define GIVEN_UP_AFTER_NS UINT64_C(1000000000) /* since the first challenge of a path */

static ql_path_event *tell_at(ql_connection *c, uint32_t frame, ql_side sender,
                              ql_path_event_kind kind, const ql_path *path)
{
    ql_path_event *event = &ql_journal_add(c->context.journal, frame, QL_EVENT_PATH)->path;
    *event = (ql_path_event){ .path = path,
                              .kind = (uint8_t)kind,
                              .sender = (uint8_t)sender,
                              .bytes = { path->bytes[QL_CLIENT], path->bytes[QL_SERVER] } };
    return event;
}

static ql_path_event *tell(ql_connection *c, const ql_packet_input *in, ql_path_event_kind kind,
                           const ql_path *path)
{
    return tell_at(c, in->datagram->where.frame, in->sender, kind, path);
}

static void tell_data(ql_connection *c, const ql_packet_input *in, ql_path_event_kind kind,
                      const ql_path *path, const ql_frame *frame)
{
    ql_path_event *event = tell(c, in, kind, path);
    memcpy(event->data, frame->path.data, sizeof event->data);
}

bool ql_connection_prefers_address(const ql_connection *c, const ql_endpoint *server)
{
    const ql_transport_parameters *p = &c->facts.parameters[QL_SERVER];
    return p->has_preferred_address && (ql_endpoint_equal(server, &p->preferred_v4) ||
                                        ql_endpoint_equal(server, &p->preferred_v6));
}

static void enter_path(ql_connection *c, uint32_t frame, ql_side sender, ql_path *path)
{
    path->first_frame = frame;
    ql_router_add_path(c->context.router, c, &path->client, &path->server);
    tell_at(c, frame, sender, QL_PATH_NEW, path);
}

void ql_connection_begin_paths(ql_connection *c, ql_side sender)
{
    bool fresh;
    c->current = ql_path_table_get(c->paths, &c->facts.client, &c->facts.server, &fresh);
    c->current->used = true;
    enter_path(c, c->facts.first.frame, sender, c->current);
}

/* A path begins as a probe, and becomes more when something else than probes is sent on it. The
 * exception is a copy: with both legs of a relay in the capture, a packet comes again between other
 * addresses. */
static void begin_path(ql_connection *c, const ql_packet_input *in, ql_path *path)
{
    path->cause = in->event->duplicate || in->header->type != QL_PACKET_ONE_RTT
                      ? QL_PATH_CAUSE_INITIAL
                      : QL_PATH_CAUSE_PROBE;
    enter_path(c, in->datagram->where.frame, in->sender, path);
}

/* Whether the last path stands for others, too. */
static void check_full(ql_connection *c, const ql_packet_input *in, const ql_path *path)
{
    const ql_endpoint *client =
        in->sender == QL_CLIENT ? &in->datagram->source : &in->datagram->destination;
    if (c->told_paths || ql_endpoint_equal(client, &path->client))
        return;
    c->told_paths = true;
    ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                    QL_FINDING_LIMIT_REACHED,
                    "more than %u paths: packets on further ones count for the last", QL_PATHS_MAX);
}

/* A stray that was captured ahead of what began the path has turned out to be of it. */
static void begin_path_earlier(ql_connection *c, const ql_packet_input *in, ql_path *path)
{
    const ql_event *event = ql_journal_first(c->context.journal, path->first_frame);
    while (event != NULL && (event->kind != QL_EVENT_PATH || event->path.path != path ||
                             event->path.kind != QL_PATH_NEW))
        event = event->next;
    ql_journal_remove(c->context.journal, path->first_frame, event);
    path->first_frame = in->datagram->where.frame;
    tell(c, in, QL_PATH_NEW, path);
}

ql_path *ql_connection_use_path(ql_connection *c, const ql_packet_input *in)
{
    const ql_datagram *d = in->datagram;
    bool fresh, from_client = in->sender == QL_CLIENT;
    ql_path *path = ql_path_table_get(c->paths, from_client ? &d->source : &d->destination,
                                      from_client ? &d->destination : &d->source, &fresh);
    if (fresh)
        begin_path(c, in, path);
    else if (d->where.frame < path->first_frame)
        begin_path_earlier(c, in, path);
    else if (path->id == QL_PATHS_MAX - 1)
        check_full(c, in, path);
    path->last_frame = MAX(path->last_frame, d->where.frame);
    return path;
}

static void tell_excess(ql_connection *c, const ql_path *path)
{
    ql_journal_find(c->context.journal, c->facts.number, path->excess.frame,
                    QL_FINDING_PATH_AMPLIFICATION,
                    "path %u: the server has sent %" G_GUINT64_FORMAT
                    " bytes to an address that is not validated and that sent %" G_GUINT64_FORMAT,
                    path->id, path->excess_bytes[QL_SERVER], path->excess_bytes[QL_CLIENT]);
}

/* Whether packets of the client's may be missing that count for this path: on the first one they
 * are of the handshake, later ones come behind it. */
static bool may_have_got_more(const ql_connection *c, const ql_path *path)
{
    const ql_packet_numbers *initial = &c->numbers[QL_SPACE_INITIAL][QL_CLIENT];
    return path->id == 0 ? initial->any && !ql_packet_numbers_complete(initial, initial->smallest)
                         : !ql_connection_saw_all(c, QL_CLIENT);
}

/* RFC 9000, 8.1: three times what came from an address is all that may go there before it is
 * validated. Without the handshake's secrets nobody can see the validation. The capture may have
 * one of the client's datagrams later than the server had it, so that much is granted. */
static void check_amplification(ql_connection *c, ql_path *path, const ql_datagram *datagram)
{
    uint64_t got = path->before_validation[QL_CLIENT], sent = path->before_validation[QL_SERVER];
    /* A server sends nowhere unasked: without a byte of the client's the capture lacks some. */
    if (path->over_limit || got == 0 || sent <= 3 * (got + path->largest[QL_CLIENT]) ||
        c->facts.start_missing || c->facts.secrets == QL_SECRETS_MISSING ||
        c->facts.secrets == QL_SECRETS_PARTIAL || may_have_got_more(c, path))
        return;
    path->over_limit = true;
    path->excess = datagram->where;
    path->excess_bytes[QL_CLIENT] = got;
    path->excess_bytes[QL_SERVER] = sent;
    tell_excess(c, path);
}

/* What allowed the server to send so much was sent before, and captured behind; or it is missing,
 * as a number that was passed over shows. */
static void forgive_excess(ql_connection *c, ql_path *path, const ql_datagram *datagram)
{
    if (!path->over_limit)
        return;
    if (!may_have_got_more(c, path)) {
        if (datagram->where.time_ns > path->excess.time_ns)
            return;
        uint64_t got = path->excess_bytes[QL_CLIENT] += datagram->wire_length;
        if (!path->validated_for_server &&
            path->excess_bytes[QL_SERVER] > 3 * (got + path->largest[QL_CLIENT]))
            return;
    }
    path->over_limit = false;
    ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_PATH_AMPLIFICATION);
    const GPtrArray *paths = ql_path_table_paths(c->paths);
    for (guint i = 0; i < paths->len; i++) {
        const ql_path *other = g_ptr_array_index(paths, i);
        if (other->over_limit)
            tell_excess(c, other);
    }
}

void ql_connection_measure_path(ql_connection *c, ql_path *path, const ql_datagram *datagram,
                                ql_side sender)
{
    path->packets[sender]++;
    path->bytes[sender] += datagram->wire_length;
    path->last_frame = MAX(path->last_frame, datagram->where.frame);
    path->ecn[sender][datagram->ecn & 3]++;
    path->largest[sender] = MAX(path->largest[sender], datagram->wire_length);
    if (path->smallest[sender] == 0 || datagram->wire_length < path->smallest[sender])
        path->smallest[sender] = datagram->wire_length;
    if (sender == QL_CLIENT)
        forgive_excess(c, path, datagram);
    if (path->validated_for_server)
        return;
    ql_path_count_early(path, sender, datagram->wire_length, datagram->where.frame);
    if (sender == QL_SERVER)
        check_amplification(c, path, datagram);
}

/* RFC 9000, 17.4: the server mirrors the bit and the client turns it, once a round trip; while
 * neither sends it takes longer, so that the shortest time is the one to tell. */
void ql_connection_watch_spin(const ql_packet_input *in, ql_path *path, bool spin, bool newest)
{
    if (in->header->type != QL_PACKET_ONE_RTT || in->sender != QL_SERVER || !newest ||
        spin == path->spin)
        return;
    uint64_t now = in->datagram->where.time_ns;
    if (path->spin_edge_ns != 0 && now > path->spin_edge_ns) {
        uint64_t round = now - path->spin_edge_ns;
        path->spin_rtt_ns = path->spin_rtt_ns == 0 ? round : MIN(path->spin_rtt_ns, round);
        in->event->spin_rtt_us = (uint32_t)MIN(round / 1000, UINT32_MAX);
    }
    path->spin_edge_ns = now;
    path->spin = spin;
}

static void tell_orphan(ql_connection *c, const ql_orphan_response *response)
{
    if (!response->told)
        return;
    ql_journal_find(c->context.journal, c->facts.number, response->where.frame,
                    QL_FINDING_PATH_RESPONSE_UNMATCHED,
                    "the %s answers a PATH_CHALLENGE that was not captured, or never sent",
                    ql_side_name(response->sender));
}

static void keep_orphan(ql_connection *c, const ql_packet_input *in, const ql_path *path,
                        const ql_frame *frame)
{
    if (c->facts.start_missing)
        return;
    ql_orphan_response response = { .sender = in->sender,
                                    .where = in->datagram->where,
                                    .path = path->id,
                                    .told = ql_connection_saw_all(c, ql_side_other(in->sender)) };
    memcpy(response.data, frame->path.data, sizeof response.data);
    ql_path_table_keep_response(c->paths, &response);
    tell_orphan(c, &response);
}

/* A response with this data has answered the challenge of `asked`. */
static void take_response(ql_connection *c, const ql_orphan_response *response, ql_path *asked,
                          bool was_validated)
{
    if (asked->id != response->path)
        ql_journal_find(c->context.journal, c->facts.number, response->where.frame,
                        QL_FINDING_PATH_RESPONSE_ELSEWHERE,
                        "the %s answers on path %u a PATH_CHALLENGE of path %u",
                        ql_side_name(response->sender), response->path, asked->id);
    if (!was_validated)
        tell_at(c, response->where.frame, response->sender, QL_PATH_VALIDATED, asked);
}

void ql_connection_on_response(ql_connection *c, const ql_packet_input *in, ql_path *path,
                               const ql_frame *frame)
{
    bool was_validated = false;
    ql_path *asked = ql_path_table_respond(c->paths, in->sender, frame->path.data,
                                           &in->datagram->where, &was_validated);
    tell_data(c, in, QL_PATH_RESPONSE, asked != NULL ? asked : path, frame);
    if (asked == NULL) {
        keep_orphan(c, in, path, frame);
        return;
    }
    ql_orphan_response response = { .sender = in->sender,
                                    .where = in->datagram->where,
                                    .path = path->id };
    take_response(c, &response, asked, was_validated);
}

/* The response to this challenge was sent behind it, and captured ahead. */
static void match_orphan(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    ql_orphan_response response;
    bool was_validated = false;
    if (!ql_path_table_take_response(c->paths, in->sender, frame->path.data, &in->datagram->where,
                                     &response))
        return;
    ql_path *asked = ql_path_table_respond(c->paths, response.sender, response.data,
                                           &response.where, &was_validated);
    take_response(c, &response, asked, was_validated);
    ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_PATH_RESPONSE_UNMATCHED);
    const GArray *orphans = ql_path_table_orphans(c->paths);
    for (guint i = 0; i < orphans->len; i++)
        tell_orphan(c, &g_array_index(orphans, ql_orphan_response, i));
}

void ql_connection_on_challenge(ql_connection *c, const ql_packet_input *in, ql_path *path,
                                const ql_frame *frame)
{
    /* RFC 9000, 9.5: a NAT changes addresses behind the client's back, but a client that probes
     * knows that it is on another path, and observers link the two by an ID that it uses on both.
     */
    if (in->sender == QL_CLIENT && path != c->current && in->event->dcid != NULL &&
        in->event->dcid == c->current_destination && in->event->dcid->cid.length > 0)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_CID_ON_TWO_PATHS,
                        "the client probes path %u with the connection ID that it uses on path %u",
                        path->id, c->current->id);
    ql_path_table_challenge(c->paths, path, in->sender, frame->path.data, &in->datagram->where);
    tell_data(c, in, QL_PATH_CHALLENGE, path, frame);
    match_orphan(c, in, frame);
}

static ql_path_cause cause_of(const ql_connection *c, const ql_packet_input *in,
                              const ql_path *path)
{
    if (!ql_endpoint_equal(&path->server, &c->current->server) &&
        ql_connection_prefers_address(c, &path->server))
        return QL_PATH_CAUSE_PREFERRED_ADDRESS;
    /* Whoever moves on purpose takes another ID, if there is one (RFC 9000, 9.5); a NAT cannot. */
    const ql_cid_entry *before = c->current_destination;
    return before != NULL && in->event->dcid == before ? QL_PATH_CAUSE_REBINDING
                                                       : QL_PATH_CAUSE_MIGRATION;
}

/* RFC 9000, 8.1: only who received the server's packets can protect one of Handshake type, or has
 * the token of a Retry. */
void ql_connection_prove_path(const ql_packet_input *in, ql_path *path)
{
    if (in->sender != QL_CLIENT)
        return;
    bool handshake = in->header->type == QL_PACKET_HANDSHAKE;
    bool token = in->header->type == QL_PACKET_INITIAL && in->header->token.length > 0;
    path->validated |= handshake;
    if (handshake || token)
        ql_path_validate_for_server(path, &in->datagram->where);
}

void ql_connection_prove_first_path(ql_connection *c, const ql_packet_input *in)
{
    const GPtrArray *paths = ql_path_table_paths(c->paths);
    if (in->sender != QL_SERVER || in->header->type == QL_PACKET_INITIAL ||
        c->facts.start_missing || paths->len == 0)
        return;
    ql_path *first = g_ptr_array_index(paths, 0);
    first->validated = true;
    ql_path_validate_for_server(first, &in->datagram->where);
}

/* RFC 9000, 9.3: the newest packet that is more than a probe tells where the client is. */
void ql_connection_judge_path(ql_connection *c, const ql_packet_input *in, ql_path *path,
                              bool newest)
{
    if (in->sender != QL_CLIENT || !newest || c->probing)
        return;
    if (path != c->current && in->header->type == QL_PACKET_ONE_RTT) {
        ql_path_cause cause = cause_of(c, in, path);
        if (!path->used)
            path->cause = cause;
        if (cause == QL_PATH_CAUSE_MIGRATION &&
            c->facts.parameters[QL_SERVER].disable_active_migration)
            ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                            QL_FINDING_PATH_MIGRATION_DISABLED,
                            "the client moves to path %u, though the server's transport parameters "
                            "have disable_active_migration",
                            path->id);
        tell(c, in, QL_PATH_ABANDONED, c->current);
        c->current->left = true;
        path->left = false;
        tell(c, in, cause == QL_PATH_CAUSE_REBINDING ? QL_PATH_REBOUND : QL_PATH_MIGRATED, path);
        c->current = path;
    }
    path->used = true;
    c->current_destination = in->event->dcid;
}

void ql_connection_give_up_paths(ql_connection *c)
{
    const GPtrArray *paths = ql_path_table_paths(c->paths);
    for (guint i = 0; i < paths->len; i++) {
        ql_path *path = g_ptr_array_index(paths, i);
        if (path == c->current || path->left || path->validated || path->challenge_frame == 0 ||
            c->facts.last.frame <= path->last_frame ||
            c->facts.last.time_ns < path->challenge_time_ns + GIVEN_UP_AFTER_NS)
            continue;
        path->left = true;
        tell_at(c, path->last_frame, QL_CLIENT, QL_PATH_ABANDONED, path);
    }
}
