/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection IDs of one connection: issued, used, switched, retired (RFC 9000, 5.1). */
#include "model/connection_state.h"

#include <string.h>

#define EARLY_RETIREMENTS_MAX 64u   /* of further ones it is not known whether they were early */
#define UNACKED_MAX           1024u /* frames that wait for it; of further ones it is not noted */

static void tell(ql_connection *c, uint32_t frame, ql_cid_event_kind kind, const ql_cid_entry *cid,
                 bool repeated)
{
    ql_cid_event *event = &ql_journal_add(c->context.journal, frame, QL_EVENT_CID)->cid;
    *event = (ql_cid_event){ .cid = cid, .kind = (uint8_t)kind, .repeated = repeated };
}

static void tell_conflict(ql_connection *c, ql_cid_issue how, const ql_cid_entry *told,
                          const ql_cid_entry *was, uint32_t frame)
{
    char *value = ql_cid_text(&told->cid);
    char *older = was != NULL ? ql_cid_text(&was->cid) : NULL;
    const char *issuer = ql_side_name(was != NULL ? was->issuer : QL_CLIENT);
    ql_journal *journal = c->context.journal;
    uint32_t number = c->facts.number;
    switch (how) {
    case QL_CID_ISSUE_SEQUENCE_CONFLICT:
        ql_journal_find(journal, number, frame, QL_FINDING_CID_CONFLICT,
                        "%s's connection ID %" G_GUINT64_FORMAT ": %s, was %s", issuer,
                        told->sequence, value, older);
        break;
    case QL_CID_ISSUE_VALUE_CONFLICT:
        ql_journal_find(journal, number, frame, QL_FINDING_CID_CONFLICT,
                        "%s's connection ID %s: sequence number %" G_GUINT64_FORMAT
                        ", was %" G_GUINT64_FORMAT,
                        issuer, value, told->sequence, was->sequence);
        break;
    case QL_CID_ISSUE_TOKEN_CONFLICT:
        ql_journal_find(journal, number, frame, QL_FINDING_CID_CONFLICT,
                        "%s's connection ID %s has got another stateless reset token", issuer,
                        value);
        break;
    case QL_CID_ISSUE_FULL:
        if (!c->told_cids)
            ql_journal_find(
                journal, number, frame, QL_FINDING_LIMIT_REACHED,
                "more than %u connection IDs of one side: %s and others are passed over",
                QL_CIDS_MAX, value);
        c->told_cids = true;
        break;
    case QL_CID_ISSUE_NEW:
    case QL_CID_ISSUE_REPEATED: break;
    }
    g_free(value);
    g_free(older);
}

static ql_cid_event_kind event_of_origin(ql_cid_origin origin)
{
    switch (origin) {
    case QL_ORIGIN_CLIENT_RANDOM:
    case QL_ORIGIN_INITIAL:
    case QL_ORIGIN_HANDSHAKE: return QL_CID_INITIAL;
    case QL_ORIGIN_RETRY: return QL_CID_RETRY;
    case QL_ORIGIN_PREFERRED_ADDRESS: return QL_CID_PREFERRED_ADDRESS;
    case QL_ORIGIN_NEW_CONNECTION_ID:
    case QL_ORIGIN_SEEN_IN_USE: break;
    }
    return QL_CID_ISSUED;
}

ql_cid_entry *ql_connection_issue(ql_connection *c, ql_side issuer, const ql_cid_entry *told,
                                  uint32_t frame)
{
    ql_cid_entry *entry;
    ql_cid_issue how = ql_cid_ledger_issue(c->cids[issuer], told, frame, &entry);
    if (how == QL_CID_ISSUE_REPEATED)
        tell(c, frame, event_of_origin(entry->origin), entry, true);
    else if (how != QL_CID_ISSUE_NEW)
        tell_conflict(c, how, told, entry, frame);
    if (how != QL_CID_ISSUE_NEW)
        return entry;
    c->cid_length[issuer] = entry->cid.length;
    ql_router_add_cid(c->context.router, c, issuer, &entry->cid);
    if (entry->has_reset_token)
        ql_router_add_reset_token(c->context.router, c, issuer, entry->reset_token);
    if (entry->origin != QL_ORIGIN_SEEN_IN_USE)
        tell(c, frame, event_of_origin(entry->origin), entry, false);
    return entry;
}

/* An ID was given back, or Retire Prior To raised, before too many were told, and captured behind.
 */
static void forgive_limit(ql_connection *c, ql_side issuer, const ql_where *where)
{
    if (where->time_ns > c->over_limit_ns[issuer])
        return;
    c->over_limit_ns[issuer] = 0;
    ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_CID_LIMIT);
}

static void tell_unknown_retirement(ql_connection *c, const ql_early_retirement *r)
{
    if (!r->told)
        return;
    ql_journal_find(c->context.journal, c->facts.number, r->where.frame,
                    QL_FINDING_CID_RETIRED_UNKNOWN,
                    "the %s retires the %s's connection ID %" G_GUINT64_FORMAT
                    ", which was not seen to be issued",
                    ql_side_name(ql_side_other(r->issuer)), ql_side_name(r->issuer), r->sequence);
}

static void keep_retirement(ql_connection *c, const ql_early_retirement *r)
{
    if (c->early_retirements == NULL)
        c->early_retirements = g_array_new(FALSE, FALSE, sizeof *r);
    if (c->early_retirements->len < EARLY_RETIREMENTS_MAX)
        g_array_append_vals(c->early_retirements, r, 1);
    tell_unknown_retirement(c, r);
}

/* The frame that issues the ID was sent ahead of the one that retires it, and captured behind. */
static void settle_retirement(ql_connection *c, ql_cid_entry *entry, const ql_where *issued)
{
    GArray *early = c->early_retirements;
    guint i = 0;
    while (early != NULL && i < early->len) {
        ql_early_retirement r = g_array_index(early, ql_early_retirement, i);
        if (r.issuer == entry->issuer && r.sequence == entry->sequence &&
            r.where.time_ns >= issued->time_ns)
            break;
        i++;
    }
    if (early == NULL || i == early->len)
        return;
    ql_early_retirement r = g_array_index(early, ql_early_retirement, i);
    g_array_remove_index(early, i);
    tell(c, r.where.frame, QL_CID_RETIRED, entry, entry->retired_frame != 0);
    ql_cid_ledger_retire(c->cids[r.issuer], entry, r.where.frame, r.packet_number);
    forgive_limit(c, r.issuer, &r.where);
    ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_CID_RETIRED_UNKNOWN);
    for (i = 0; i < early->len; i++)
        tell_unknown_retirement(c, &g_array_index(early, ql_early_retirement, i));
}

/* A long header's source ID is the sender's number 0 (RFC 9000, 7.2). */
static void use_source(ql_connection *c, const ql_packet_input *in)
{
    const ql_cid_entry *known = ql_cid_ledger_find(c->cids[in->sender], &in->header->scid);
    if (in->header->type == QL_PACKET_ONE_RTT ||
        (known != NULL && known->origin != QL_ORIGIN_SEEN_IN_USE))
        return;
    ql_cid_entry told = { .cid = in->header->scid,
                          .origin =
                              in->sender == QL_CLIENT ? QL_ORIGIN_INITIAL : QL_ORIGIN_HANDSHAKE,
                          .has_sequence = true };
    /* After Version Negotiation a client may begin again with another ID: then that one counts. */
    if (c->restarted && ql_cid_ledger_find_sequence(c->cids[in->sender], 0) != NULL)
        told.has_sequence = false;
    ql_cid_entry *entry = ql_connection_issue(c, in->sender, &told, in->datagram->where.frame);
    if (entry != NULL && entry->has_sequence)
        settle_retirement(c, entry, &in->datagram->where);
}

static bool is_of_handshake(const ql_cid_entry *entry)
{
    return entry->origin == QL_ORIGIN_CLIENT_RANDOM || entry->origin == QL_ORIGIN_RETRY;
}

static const char *reason_of_move(const ql_connection *c, const ql_path *path)
{
    if (ql_connection_prefers_address(c, &path->server))
        return "preferred address";
    return path->cause == QL_PATH_CAUSE_REBINDING ? "rebinding" : "migration";
}

static const char *reason_of_switch(const ql_connection *c, const ql_packet_input *in,
                                    const ql_cid_entry *was, const ql_cid_entry *now,
                                    const ql_path *path)
{
    if (now->origin == QL_ORIGIN_RETRY)
        return "Retry";
    if (is_of_handshake(was))
        return "handshake";
    if (c->last_path[in->sender] != NULL && path != c->last_path[in->sender])
        return reason_of_move(c, path);
    if (was->has_sequence && was->sequence < ql_cid_ledger_retire_prior_to(c->cids[now->issuer]))
        return "Retire Prior To";
    return "voluntary rotation";
}

/* Long headers go from the random ID to the chosen one and never back. Later on the newest packet
 * tells, if it is more than a probe: probes of a path take an ID of their own, while everything
 * else goes on with the one in use. */
void ql_connection_note_switch(ql_connection *c, const ql_packet_input *in, ql_path *path,
                               bool newest)
{
    ql_cid_entry **current = &c->destination[in->sender];
    ql_cid_entry *was = *current;
    ql_cid_entry *now = ql_cid_ledger_find(c->cids[ql_side_other(in->sender)], &in->header->dcid);
    bool is_short = in->header->type == QL_PACKET_ONE_RTT;
    if (now == NULL || (is_short && (!newest || c->probing)))
        return;
    if (was == NULL) {
        *current = now;
    } else if (now != was && (is_short || (is_of_handshake(was) &&
                                           now->first_used_frame >= was->first_used_frame))) {
        ql_cid_event *event =
            &ql_journal_add(c->context.journal, in->datagram->where.frame, QL_EVENT_CID)->cid;
        *event = (ql_cid_event){ .cid = now,
                                 .previous = was,
                                 .path = path,
                                 .reason = reason_of_switch(c, in, was, now, path),
                                 .kind = QL_CID_SWITCHED };
        *current = now;
    }
    if (newest)
        c->last_path[in->sender] = path;
}

void ql_connection_use_cids(ql_connection *c, const ql_packet_input *in, ql_path *path, bool newest)
{
    uint32_t frame = in->datagram->where.frame;
    use_source(c, in);

    ql_side issuer = ql_side_other(in->sender);
    ql_cid_entry *entry = ql_cid_ledger_find(c->cids[issuer], &in->header->dcid);
    if (entry == NULL) {
        ql_cid_entry told = { .cid = in->header->dcid, .origin = QL_ORIGIN_SEEN_IN_USE };
        entry = ql_connection_issue(c, issuer, &told, frame);
        if (entry == NULL)
            return;
    }
    in->event->dcid = entry;
    ql_path_note_cid(path, in->sender, entry);
    if (!in->counted) {
        entry->packets++;
        entry->bytes += in->header->packet.length;
    }
    entry->last_used_frame = MAX(entry->last_used_frame, frame);
    if (entry->first_used_frame == 0) {
        entry->first_used_frame = frame;
        entry->first_used_ns = in->datagram->where.time_ns;
        if (entry->origin != QL_ORIGIN_CLIENT_RANDOM)
            tell(c, frame, QL_CID_FIRST_USED, entry, false);
    }
    if (newest)
        ql_connection_check_use(c, in, entry);
}

/* Whether an ID may have been given back in a packet of this side that was not captured, or that
 * stays closed. */
static bool may_have_retired_more(const ql_connection *c, ql_side side)
{
    if (c->numbers[QL_SPACE_APPLICATION][side].any)
        return !ql_connection_saw_all(c, side);
    return c->facts.closed[QL_OPENED] < c->facts.packets;
}

/* RFC 9000, 5.1.1: the peer says in its transport parameters how many it keeps. */
static void check_limit(ql_connection *c, const ql_packet_input *in)
{
    const ql_transport_parameters *peer = &c->facts.parameters[ql_side_other(in->sender)];
    unsigned active = ql_cid_ledger_active(c->cids[in->sender]);
    if (!peer->present || active <= peer->active_connection_id_limit ||
        may_have_retired_more(c, ql_side_other(in->sender)))
        return;
    c->over_limit_ns[in->sender] = in->datagram->where.time_ns;
    ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                    QL_FINDING_CID_LIMIT,
                    "the %s has %u connection IDs in use, the peer's active_connection_id_limit is "
                    "%" G_GUINT64_FORMAT,
                    ql_side_name(in->sender), active, peer->active_connection_id_limit);
}

/* A frame about an ID on its way to the peer: NEW_CONNECTION_ID of the ID's issuer, or
 * RETIRE_CONNECTION_ID of the other side. */
typedef struct unacked {
    uint64_t packet_number;
    ql_cid_entry *entry;
    uint64_t retire_prior_to; /* of NEW_CONNECTION_ID */
    bool retires;
} unacked;

typedef struct ack_scan {
    ql_connection *connection;
    const ql_packet_input *in;
    GArray *unacked;
} ack_scan;

static void take_ack(const ack_scan *scan, const unacked *of)
{
    const ql_where *where = &scan->in->datagram->where;
    ql_retire_request *request = &scan->connection->requests[of->entry->issuer];
    if (of->retires && of->entry->retirement_acked_frame == 0)
        of->entry->retirement_acked_frame = where->frame;
    if (!of->retires && of->retire_prior_to > request->retire_prior_to)
        *request =
            (ql_retire_request){ of->retire_prior_to, *where, scan->in->event->packet_number };
}

static void on_acked(void *user, uint64_t first, uint64_t last)
{
    const ack_scan *scan = user;
    for (guint i = scan->unacked->len; i-- > 0;) {
        const unacked *of = &g_array_index(scan->unacked, unacked, i);
        if (of->packet_number < first || of->packet_number > last)
            continue;
        take_ack(scan, of);
        g_array_remove_index_fast(scan->unacked, i);
    }
}

void ql_connection_on_ack(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    GArray *waiting = c->unacked[ql_side_other(in->sender)];
    if (waiting == NULL || waiting->len == 0 || in->header->type != QL_PACKET_ONE_RTT)
        return;
    ack_scan scan = { c, in, waiting };
    ql_ack_visit(frame, on_acked, &scan);
}

static void await_ack(ql_connection *c, const ql_packet_input *in, const unacked *of)
{
    GArray **waiting = &c->unacked[in->sender];
    if (*waiting == NULL)
        *waiting = g_array_new(FALSE, FALSE, sizeof(unacked));
    if ((*waiting)->len < UNACKED_MAX)
        g_array_append_vals(*waiting, of, 1);
}

void ql_connection_on_new_cid(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    uint64_t retire_prior_to = frame->new_cid.retire_prior_to;
    ql_cid_entry told = { .cid = frame->new_cid.cid,
                          .origin = QL_ORIGIN_NEW_CONNECTION_ID,
                          .has_sequence = true,
                          .sequence = frame->new_cid.sequence,
                          .has_reset_token = true,
                          .retire_prior_to = retire_prior_to };
    memcpy(told.reset_token, frame->new_cid.reset_token, sizeof told.reset_token);
    ql_cid_ledger_raise_retire_prior_to(c->cids[in->sender], retire_prior_to);
    const ql_where *where = &in->datagram->where;
    ql_cid_entry *entry = ql_connection_issue(c, in->sender, &told, where->frame);
    if (entry != NULL && entry->issued_frame == where->frame && entry->issues == 1)
        ql_connection_check_issued(c, entry, where);
    if (entry != NULL && entry->has_sequence)
        settle_retirement(c, entry, where);
    forgive_limit(c, in->sender, where);
    check_limit(c, in);
    if (entry != NULL && retire_prior_to > c->requests[in->sender].retire_prior_to &&
        in->header->type == QL_PACKET_ONE_RTT)
        await_ack(c, in,
                  &(unacked){ .packet_number = in->event->packet_number,
                              .entry = entry,
                              .retire_prior_to = retire_prior_to });
}

void ql_connection_on_retire_cid(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    uint32_t number = in->datagram->where.frame;
    ql_side issuer = ql_side_other(in->sender);
    uint64_t sequence = frame->retire_cid.sequence;
    ql_cid_entry *entry = ql_cid_ledger_find_sequence(c->cids[issuer], sequence);
    if (entry == NULL) {
        if (!c->facts.start_missing)
            keep_retirement(c, &(ql_early_retirement){ sequence, in->event->packet_number,
                                                       in->datagram->where, issuer,
                                                       ql_connection_saw_all(c, issuer) });
        return;
    }
    if (entry == in->event->dcid)
        ql_journal_find(c->context.journal, c->facts.number, number, QL_FINDING_CID_RETIRED_IN_USE,
                        "the %s retires connection ID %" G_GUINT64_FORMAT
                        " in a packet that is sent to this very ID",
                        ql_side_name(in->sender), sequence);
    tell(c, number, QL_CID_RETIRED, entry, entry->retired_frame != 0);
    ql_cid_ledger_retire(c->cids[issuer], entry, number, in->event->packet_number);
    forgive_limit(c, issuer, &in->datagram->where);
    await_ack(
        c, in,
        &(unacked){ .packet_number = in->event->packet_number, .entry = entry, .retires = true });
}

/* RFC 9000, 7.3: what a side says that it chose has to be what it was seen to use. */
static void check_parameter(ql_connection *c, uint32_t frame, const char *name, bool has,
                            const ql_cid *said, const ql_cid *seen)
{
    if (seen == NULL || (has && ql_cid_equal(said, seen)))
        return;
    char *was = ql_cid_text(seen), *is = has ? ql_cid_text(said) : g_strdup("absent");
    ql_journal_find(c->context.journal, c->facts.number, frame, QL_FINDING_TRANSPORT_PARAMETER,
                    "%s is %s, but %s was used on the wire", name, is, was);
    g_free(was);
    g_free(is);
}

/* The one that the client answered; it may be another than those that were captured. */
static const ql_cid *retry_of(const ql_connection *c)
{
    const GPtrArray *entries = ql_cid_ledger_entries(c->cids[QL_SERVER]);
    const ql_cid_entry *found = NULL;
    for (guint i = 0; i < entries->len && i < 8; i++) {
        const ql_cid_entry *entry = g_ptr_array_index(entries, i);
        if (entry->origin == QL_ORIGIN_RETRY && entry->packets > 0)
            found = entry;
    }
    return found != NULL ? &found->cid : NULL;
}

/* The capture begins behind a Retry: the server says that the ID which seemed the client's choice
 * was its own, and the token agrees. What the client chose was not seen. */
static void learn_unseen_retry(ql_connection *c, const ql_transport_parameters *p)
{
    if (c->facts.retried || c->original == NULL || !c->token || !p->has_retry_scid ||
        !ql_cid_equal(&p->retry_scid, &c->original->cid))
        return;
    c->facts.retried = true;
    c->original->origin = QL_ORIGIN_RETRY;
    c->original = NULL;
}

static void bind_server(ql_connection *c, const ql_transport_parameters *p, uint32_t frame)
{
    learn_unseen_retry(c, p);
    check_parameter(c, frame, "original_destination_connection_id", p->has_original_dcid,
                    &p->original_dcid, c->original == NULL ? NULL : &c->original->cid);
    check_parameter(c, frame, "retry_source_connection_id", p->has_retry_scid, &p->retry_scid,
                    retry_of(c));
    ql_cid_entry *first = ql_cid_ledger_find_sequence(c->cids[QL_SERVER], 0);
    if (first != NULL && p->has_reset_token) {
        first->has_reset_token = true;
        memcpy(first->reset_token, p->reset_token, sizeof first->reset_token);
        ql_router_add_reset_token(c->context.router, c, QL_SERVER, p->reset_token);
    }
    if (!p->has_preferred_address)
        return;
    ql_cid_entry told = { .cid = p->preferred_cid,
                          .origin = QL_ORIGIN_PREFERRED_ADDRESS,
                          .has_sequence = true,
                          .sequence = 1, /* RFC 9000, 5.1.1 */
                          .has_reset_token = true };
    memcpy(told.reset_token, p->preferred_reset_token, sizeof told.reset_token);
    ql_connection_issue(c, QL_SERVER, &told, frame);
}

void ql_connection_bind_parameters(ql_connection *c, ql_side side, const ql_packet_input *in)
{
    const ql_transport_parameters *p = &c->facts.parameters[side];
    uint32_t frame = in->datagram->where.frame;
    check_parameter(c, frame, "initial_source_connection_id", p->has_initial_scid, &p->initial_scid,
                    &in->header->scid);
    if (side == QL_SERVER)
        bind_server(c, p, frame);
}
