/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for connection IDs and paths that are not met where their facts are gathered (RFC
 * 9000, 5.1, 7.3, 8.2, 9, 18.2 and 19.15 to 19.18). */
#include "model/connection_state.h"

#include <inttypes.h>

#define RETIRED_WITHIN_PACKETS 16u                    /* of who has to retire an ID */
#define RETIRED_WITHIN_NS      (UINT64_C(1000000000)) /* and so long */
#define VALIDATED_WITHIN_NS    (UINT64_C(50000000)) /* until the server acts on what was captured */

bool ql_connection_saw_all(const ql_connection *c, ql_side sender)
{
    const ql_packet_numbers *initial = &c->numbers[QL_SPACE_INITIAL][sender];
    return !c->facts.start_missing &&
           ql_packet_numbers_complete(&c->numbers[QL_SPACE_APPLICATION][sender],
                                      initial->any ? initial->smallest : 0);
}

void ql_connection_check_issued(ql_connection *c, const ql_cid_entry *entry, const ql_where *where)
{
    if (c->facts.start_missing || entry->first_used_frame == 0 ||
        entry->first_used_frame >= where->frame || entry->first_used_ns >= where->time_ns ||
        entry->origin != QL_ORIGIN_NEW_CONNECTION_ID)
        return;
    char *value = ql_cid_text(&entry->cid);
    ql_journal_find(c->context.journal, c->facts.number, where->frame, QL_FINDING_CID_NOT_ISSUED,
                    "the %s issues connection ID %s only now; frame %u was sent to it before",
                    ql_side_name(entry->issuer), value, entry->first_used_frame);
    g_free(value);
}

static void tell_unissued(ql_connection *c, ql_side issuer)
{
    if (!ql_connection_saw_all(c, issuer))
        return;
    const GPtrArray *entries = ql_cid_ledger_entries(c->cids[issuer]);
    for (guint i = 0; i < entries->len; i++) {
        const ql_cid_entry *entry = g_ptr_array_index(entries, i);
        if (entry->origin != QL_ORIGIN_SEEN_IN_USE || entry->cid.length == 0 ||
            entry->first_used_frame == 0)
            continue;
        char *value = ql_cid_text(&entry->cid);
        ql_journal_find(c->context.journal, c->facts.number, entry->first_used_frame,
                        QL_FINDING_CID_NOT_ISSUED,
                        "%" PRIu64 " packets are sent to connection ID %s, which the %s was not "
                        "seen to issue",
                        entry->packets, value, ql_side_name(issuer));
        g_free(value);
    }
}

static void check_retired(ql_connection *c, const ql_packet_input *in, const ql_cid_entry *entry)
{
    if (in->event->packet_number <= entry->retired_packet)
        return;
    char *value = ql_cid_text(&entry->cid);
    ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                    QL_FINDING_CID_USED_AFTER_RETIREMENT,
                    "the %s sends to connection ID %s, which it retired in frame %u",
                    ql_side_name(in->sender), value, entry->retired_frame);
    g_free(value);
}

static void tell_kept(ql_connection *c, uint32_t frame, ql_cid_entry *entry, const char *how)
{
    const ql_retire_request *request = &c->requests[entry->issuer];
    char *value = ql_cid_text(&entry->cid);
    ql_journal_find(c->context.journal, c->facts.number, frame, QL_FINDING_CID_NOT_RETIRED,
                    "the %s %s connection ID %s (sequence %" PRIu64 "), though in frame %u it "
                    "acknowledged that all below %" PRIu64 " are to be retired",
                    ql_side_name(ql_side_other(entry->issuer)), how, value, entry->sequence,
                    request->acked.frame, request->retire_prior_to);
    g_free(value);
    entry->told_kept = true;
}

static bool is_to_be_retired(const ql_connection *c, const ql_cid_entry *entry)
{
    return !entry->told_kept && entry->retired_frame == 0 && entry->has_sequence &&
           entry->sequence < c->requests[entry->issuer].retire_prior_to;
}

void ql_connection_check_use(ql_connection *c, const ql_packet_input *in, ql_cid_entry *entry)
{
    const ql_retire_request *request = &c->requests[entry->issuer];
    if (in->header->type != QL_PACKET_ONE_RTT)
        return;
    if (entry->retired_frame != 0)
        check_retired(c, in, entry);
    else if (is_to_be_retired(c, entry) && in->event->packet_number > request->ack_packet &&
             in->datagram->where.frame > request->acked.frame)
        tell_kept(c, in->datagram->where.frame, entry, "still sends to");
}

/* RFC 9000, 5.1.2 sets no time for giving an ID back. It is certain that it has not come when so
 * much else has, without a packet missing that may have brought it. */
static void tell_kept_to_the_end(ql_connection *c, ql_side issuer)
{
    const ql_retire_request *request = &c->requests[issuer];
    const ql_packet_numbers *numbers = &c->numbers[QL_SPACE_APPLICATION][ql_side_other(issuer)];
    if (request->retire_prior_to == 0 ||
        numbers->largest < request->ack_packet + RETIRED_WITHIN_PACKETS ||
        c->facts.last.time_ns < request->acked.time_ns + RETIRED_WITHIN_NS ||
        !ql_packet_numbers_complete(numbers, request->ack_packet))
        return;
    const GPtrArray *entries = ql_cid_ledger_entries(c->cids[issuer]);
    for (guint i = 0; i < entries->len; i++) {
        ql_cid_entry *entry = g_ptr_array_index(entries, i);
        if (is_to_be_retired(c, entry))
            tell_kept(c, request->acked.frame, entry, "does not give back");
    }
}

/* One side took part in what the other never shows: half of the traffic went elsewhere. */
static void tell_one_direction(ql_connection *c)
{
    for (int side = 0; side < 2; side++) {
        ql_side seen = (ql_side)side, other = ql_side_other(seen);
        if (c->told_one_direction || !c->numbers[QL_SPACE_APPLICATION][seen].any ||
            c->latest[other].frame != 0)
            continue;
        c->told_one_direction = true;
        ql_journal_find(c->context.journal, c->facts.number, c->facts.first.frame,
                        QL_FINDING_CAPTURE_ONE_DIRECTION,
                        "the capture has packets of the %s alone: what the %s sent went another "
                        "way, or was filtered out",
                        ql_side_name(seen), ql_side_name(other));
    }
}

void ql_connection_check_end(ql_connection *c)
{
    tell_one_direction(c);
    if (c->facts.start_missing || c->facts.secrets != QL_SECRETS_AVAILABLE || c->told_at_end)
        return;
    c->told_at_end = true;
    tell_unissued(c, QL_CLIENT);
    tell_unissued(c, QL_SERVER);
    tell_kept_to_the_end(c, QL_CLIENT);
    tell_kept_to_the_end(c, QL_SERVER);
    ql_connection_give_up_paths(c);
}

static bool has_empty_id(const ql_connection *c, ql_side side)
{
    const ql_cid_entry *first = ql_cid_ledger_find_sequence(c->cids[side], 0);
    return first != NULL && first->cid.length == 0;
}

/* RFC 9000, 19.15 and 19.16: who does without IDs issues none, and has none to give back. */
static void check_empty(ql_connection *c, const ql_packet_input *in, ql_side issuer,
                        const ql_frame *frame)
{
    if (has_empty_id(c, issuer))
        ql_journal_find(
            c->context.journal, c->facts.number, in->datagram->where.frame, QL_FINDING_CID_EMPTY,
            "%s of the %s, though the %s does without connection IDs",
            ql_frame_kind_name(frame->kind), ql_side_name(in->sender), ql_side_name(issuer));
}

/* RFC 9221, 3: the limit counts the whole frame, which is at least its type and the data. */
static void check_datagram(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    ql_side receiver = ql_side_other(in->sender);
    const ql_transport_parameters *p = &c->facts.parameters[receiver];
    size_t length = 1 + frame->datagram.data.length;
    if (p->present && length > p->max_datagram_frame_size)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_FRAME_NOT_ALLOWED,
                        "DATAGRAM frame of %zu bytes at least, the %s takes up to %" PRIu64
                        " (RFC 9221, 3)",
                        length, ql_side_name(receiver), p->max_datagram_frame_size);
}

/* It may have been captured behind a move that came later. */
static void confirm(ql_connection *c, const ql_packet_input *in)
{
    c->confirmed = true;
    if (in->datagram->where.time_ns < c->moved_early_ns)
        ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_PATH_MIGRATION_EARLY);
}

void ql_connection_check_frame(ql_connection *c, const ql_packet_input *in, const ql_frame *frame)
{
    switch (frame->kind) {
    case QL_FRAME_NEW_CONNECTION_ID: check_empty(c, in, in->sender, frame); break;
    case QL_FRAME_RETIRE_CONNECTION_ID: check_empty(c, in, ql_side_other(in->sender), frame); break;
    case QL_FRAME_PATH_CHALLENGE: c->challenges = true; break;
    case QL_FRAME_PATH_RESPONSE: c->responds = true; break;
    case QL_FRAME_HANDSHAKE_DONE: confirm(c, in); break;
    case QL_FRAME_DATAGRAM: check_datagram(c, in, frame); break;
    default: break;
    }
}

static void find_parameter(ql_connection *c, const ql_packet_input *in, const char *text)
{
    ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                    QL_FINDING_TRANSPORT_PARAMETER, "%s", text);
}

/* RFC 9000, 18.2: what only a server may say, and 7.3: no Retry, no ID of it. */
static void check_parameters(ql_connection *c, const ql_packet_input *in)
{
    const ql_transport_parameters *p = &c->facts.parameters[in->sender];
    if (!p->present || c->checked_parameters[in->sender])
        return;
    c->checked_parameters[in->sender] = true;
    if (in->sender == QL_CLIENT) {
        if (p->has_original_dcid || p->has_retry_scid || p->has_reset_token ||
            p->has_preferred_address)
            find_parameter(c, in, "the client sends a transport parameter of servers");
        return;
    }
    if (p->has_retry_scid && !c->facts.retried && !c->restarted && !c->facts.start_missing)
        find_parameter(c, in, "retry_source_connection_id, though no Retry was captured");
    if (p->has_preferred_address && has_empty_id(c, QL_SERVER))
        find_parameter(c, in, "preferred_address of a server that does without connection IDs");
}

/* A packet of the client that is more than a probe goes on another path than the ones before. */
static void check_move(ql_connection *c, const ql_packet_input *in, const ql_path *path)
{
    ql_journal *journal = c->context.journal;
    uint32_t number = c->facts.number, frame = in->datagram->where.frame;
    if (c->challenges && !path->validated)
        ql_journal_find(
            journal, number, frame, QL_FINDING_PATH_PROBE_MIXED,
            "the packet that challenges path %u has other frames than a probe may have, "
            "so that it moves the connection there",
            path->id);
    bool on_purpose = in->event->dcid != c->current_destination;
    if (on_purpose && !c->confirmed && ql_connection_saw_all(c, QL_SERVER)) {
        c->moved_early_ns = in->datagram->where.time_ns;
        ql_journal_find(
            journal, number, frame, QL_FINDING_PATH_MIGRATION_EARLY,
            "the client moves to path %u before it knows that the handshake is complete", path->id);
    }
}

/* RFC 9000, 8.2.1 and 8.2.2: a server may be held back by what came from an address that is not
 * validated. One datagram at least did, else it would not know the address. */
static bool may_expand(const ql_connection *c, const ql_packet_input *in, const ql_path *path)
{
    if (in->sender == QL_CLIENT ||
        (path->validated_for_server &&
         in->datagram->where.time_ns >= path->validated_for_server_ns + VALIDATED_WITHIN_NS))
        return true;
    return !c->facts.start_missing && path->before_validation[QL_SERVER] + QL_DATAGRAM_LEAST <=
                                          3 * (uint64_t)path->smallest[QL_CLIENT];
}

/* So that the path is known to carry datagrams as large as QUIC needs them. */
static void check_expanded(ql_connection *c, const ql_packet_input *in, const ql_path *path)
{
    if (in->header->type != QL_PACKET_ONE_RTT || in->datagram_size == 0 ||
        in->datagram_size >= QL_DATAGRAM_LEAST || !may_expand(c, in, path))
        return;
    ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                    QL_FINDING_PATH_NOT_EXPANDED,
                    "the %s sends a %s on path %u in a datagram of %zu bytes, which it has to "
                    "expand to 1,200",
                    ql_side_name(in->sender), c->challenges ? "PATH_CHALLENGE" : "PATH_RESPONSE",
                    path->id, in->datagram_size);
}

void ql_connection_check_packet(ql_connection *c, const ql_packet_input *in, const ql_path *path,
                                bool newest)
{
    check_parameters(c, in);
    if (in->sender == QL_CLIENT && in->header->type == QL_PACKET_ONE_RTT && newest && !c->probing &&
        path != c->current)
        check_move(c, in, path);
    if (c->challenges || c->responds)
        check_expanded(c, in, path);
    c->challenges = c->responds = false;
}
