/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From datagrams to opened packets: which connection each packet belongs to, which key opens it,
 * where it ends (RFC 9000, 5.2 and 12.2). */
#include "model/session_state.h"

#include "model/handshake.h"
#include "model/segments.h"

#define PADDING_FROM                                                                               \
    16u /* zeros that no protected packet begins with, but by a chance of 2^-128                   \
         */

/* The event of a packet that waited, whose connection counts it no more. */
static ql_packet_event *reuse_event(ql_opening *o)
{
    ql_packet_event *event = g_steal_pointer(&o->again->event);
    uint32_t number = ql_connection_facts_of(event->connection)->number;
    ql_connection_uncount(g_ptr_array_index(o->session->connections, number),
                          (ql_closed_cause)event->closed);
    return event;
}

static ql_packet_event *event_of(ql_opening *o, const ql_candidate *candidate,
                                 const ql_packet_header *header)
{
    ql_packet_event *event;
    if (o->again != NULL && o->again->event != NULL) {
        event = reuse_event(o);
    } else {
        event =
            &ql_journal_add(o->session->journal, o->datagram->where.frame, QL_EVENT_PACKET)->packet;
    }
    *event = (ql_packet_event){ .connection = candidate->connection,
                                .size = (uint32_t)header->packet.length,
                                .ecn = o->datagram->ecn & 3,
                                .type = (uint8_t)header->type,
                                .sender = (uint8_t)candidate->sender };
    return event;
}

/* Of the datagram that the packet at hand was sent in; 0 where it is not known. */
static size_t datagram_size_of(const ql_opening *o)
{
    return o->segment == 0 ? o->datagram_size
                           : ql_segments_around(o->segment, o->origin + o->offset,
                                                o->origin + o->datagram->wire_length);
}

static ql_packet_input input_of(ql_opening *o, const ql_candidate *candidate,
                                const ql_packet_header *header)
{
    const ql_packet_event *before = o->again != NULL ? o->again->event : NULL;
    bool counted = before != NULL && before->dcid != NULL;
    if (o->owner == NULL) {
        o->owner = candidate->connection;
        o->sender = candidate->sender;
    }
    return (ql_packet_input){ .datagram = o->datagram,
                              .header = header,
                              .sender = candidate->sender,
                              .datagram_size = datagram_size_of(o),
                              .event = event_of(o, candidate, header),
                              .counted = counted };
}

void ql_opener_take(ql_opening *o, const ql_candidate *candidate, const ql_packet_header *header,
                    const ql_opened *opened)
{
    ql_packet_input in = input_of(o, candidate, header);
    ql_plaintexts_add(o->session->plaintexts, in.event, o->datagram->where.frame, opened->payload);
    ql_connection_on_packet(candidate->connection, &in, opened);
}

/* Why there is no key: what is known of the connection tells. Keys of Initial packets come from the
 * client's first one. */
static ql_closed_cause cause_of_no_key(const ql_opening *o, const ql_connection *connection,
                                       ql_packet_type type)
{
    const ql_connection_facts *facts = ql_connection_facts_of(connection);
    if (!facts->has_client_random || type == QL_PACKET_INITIAL)
        return facts->start_missing ? QL_CLOSED_START_MISSING : QL_CLOSED_WAITING;
    return ql_secrets_log_find(o->session->log, facts->client_random) == NULL ? QL_CLOSED_NO_SECRET
                                                                              : QL_CLOSED_NO_LEVEL;
}

/* Whether secrets that come later may open it, or the number of a first packet of its space. */
static bool may_open_later(const ql_candidate *candidate, ql_packet_type type,
                           ql_closed_cause cause)
{
    if (cause == QL_CLOSED_NOT_AUTHENTIC)
        return !ql_connection_numbers(candidate->connection, candidate->sender, type)->any;
    return cause == QL_CLOSED_WAITING || cause == QL_CLOSED_NO_SECRET ||
           cause == QL_CLOSED_NO_LEVEL || cause == QL_CLOSED_START_MISSING;
}

/* `rest` is what has to come again when it waits: the packet and, with a short header, what
 * follows. */
static void take_closed(ql_opening *o, const ql_candidate *candidate,
                        const ql_packet_header *header, ql_slice rest, ql_closed_cause cause)
{
    bool again = o->again != NULL && o->again->event != NULL;
    ql_packet_input in = input_of(o, candidate, header);
    in.event->closed = (uint8_t)cause;
    ql_connection_on_closed(candidate->connection, &in);
    if (!may_open_later(candidate, header->type, cause))
        return;
    if (again) {
        o->again->event = in.event; /* it goes on waiting, perhaps for another cause */
        return;
    }
    ql_waiting_packet packet = { .datagram = *o->datagram,
                                 .origin = o->origin + o->offset,
                                 .datagram_size = o->datagram_size,
                                 .event = in.event };
    packet.datagram.payload = rest;
    packet.datagram.wire_length = rest.length;
    ql_waiting_add(o->session->waiting, candidate->connection, &packet);
}

static ql_open_status try_open(ql_opening *o, const ql_candidate *candidate,
                               const ql_packet_header *header, ql_opened *opened)
{
    ql_connection *connection = candidate->connection;
    ql_keyring *ring = ql_connection_keyring(connection);
    const ql_packet_numbers *numbers =
        ql_connection_numbers(connection, candidate->sender, header->type);
    uint8_t *scratch = o->session->scratch;
    ql_open_status status =
        ql_keyring_open(ring, candidate->sender, header, numbers, scratch, opened);
    /* Secrets that came since the ClientHello: while nothing waits for them, nobody hands them on.
     */
    if (status == QL_OPEN_NO_KEYS && ql_connection_learn_secrets(connection))
        status = ql_keyring_open(ring, candidate->sender, header, numbers, scratch, opened);
    /* The first packet of a sender that was captured may carry any number, in any key phase. */
    if (status == QL_OPEN_FAILED && !numbers->any && header->type != QL_PACKET_INITIAL)
        status = ql_keyring_search(ring, candidate->sender, header, QL_SEARCH_WIDE, scratch,
                                   ql_connection_search_budget(connection), opened);
    return status;
}

/* A client's Initial carries what its own keys are made from (RFC 9001, 5.2). It begins a
 * connection, or begins one again whose server has not answered yet: after Version Negotiation, or
 * a Retry that was lost. */
static bool try_begin(ql_opening *o, const ql_packet_header *header, const ql_candidate *known,
                      unsigned count)
{
    ql_packet_keys *keys = ql_packet_keys_new_initial(header->version, &header->dcid, QL_CLIENT);
    ql_unmasked unmasked;
    ql_slice payload;
    bool opens = keys != NULL && ql_packet_unmask(keys, header, &unmasked) &&
                 ql_packet_open(keys, header, &unmasked, unmasked.truncated_pn, o->session->scratch,
                                &payload);
    ql_packet_keys_free(keys);
    if (!opens)
        return false;
    ql_candidate owner = { .sender = QL_CLIENT, .match = QL_MATCH_CID };
    const uint8_t *random = ql_client_random_peek(payload);
    for (unsigned i = 0; i < count && owner.connection == NULL; i++)
        if (known[i].sender == QL_CLIENT && known[i].match != QL_MATCH_END &&
            ql_connection_may_begin_again(known[i].connection, header, random))
            owner.connection = known[i].connection;
    if (owner.connection == NULL)
        owner.connection =
            ql_session_begin_connection(o->session, o->datagram, QL_CLIENT, header->version);
    if (owner.connection == NULL)
        return false;
    ql_connection_begin(owner.connection, &header->dcid, header->version, o->datagram->where.frame);
    ql_opened opened = { .payload = payload,
                         .packet_number = unmasked.truncated_pn,
                         .first = unmasked.first,
                         .suite = QL_SUITE_AES_128_GCM,
                         .version = header->version };
    ql_opener_take(o, &owner, header, &opened);
    return true;
}

/* The candidate to which a closed packet is attributed: its ID says so, or its addresses. A stray
 * was captured ahead of what is known of the addresses. */
static const ql_candidate *owner_of_closed(const ql_opening *o, const ql_candidate *candidates,
                                           unsigned count)
{
    bool stray = o->again != NULL && o->again->event == NULL;
    for (unsigned i = 0; i < count; i++)
        if (candidates[i].match == QL_MATCH_CID || (candidates[i].match == QL_MATCH_PAIR && !stray))
            return &candidates[i];
    return NULL;
}

static ql_closed_cause cause_of(const ql_opening *o, const ql_candidate *candidate,
                                const ql_packet_header *header)
{
    bool last = header->packet.data + header->packet.length ==
                o->datagram->payload.data + o->datagram->payload.length;
    if (last && o->datagram->wire_length > o->datagram->payload.length)
        return QL_CLOSED_CUT;
    return ql_keyring_has(ql_connection_keyring(candidate->connection), candidate->sender,
                          header->type)
               ? QL_CLOSED_NOT_AUTHENTIC
               : cause_of_no_key(o, candidate->connection, header->type);
}

/* The candidates from index `from` on are tried. */
static bool open_by(ql_opening *o, const ql_packet_header *header, const ql_candidate *candidates,
                    unsigned from, unsigned count)
{
    ql_opened opened;
    for (unsigned i = from; i < count; i++) {
        if (try_open(o, &candidates[i], header, &opened) != QL_OPEN_OK)
            continue;
        ql_opener_take(o, &candidates[i], header, &opened);
        return true;
    }
    return false;
}

static void open_protected_long(ql_opening *o, const ql_packet_header *header, ql_slice rest)
{
    ql_candidate candidates[QL_CANDIDATES_MAX];
    const ql_router *router = o->session->router;
    unsigned by_cid = ql_router_propose_by_cid(router, &header->dcid, candidates);
    if (open_by(o, header, candidates, 0, by_cid))
        return;
    unsigned count = ql_router_propose_by_address(router, o->datagram, candidates, by_cid);
    unsigned by_pair = by_cid;
    while (by_pair < count && candidates[by_pair].match == QL_MATCH_PAIR)
        by_pair++;
    if (open_by(o, header, candidates, by_cid, by_pair))
        return;
    /* Ahead of all connections of a busy server, which would need their Initial keys for it. */
    if (header->type == QL_PACKET_INITIAL && try_begin(o, header, candidates, count))
        return;
    if (open_by(o, header, candidates, by_pair, count))
        return;
    const ql_candidate *owner = owner_of_closed(o, candidates, count);
    if (header->type != QL_PACKET_INITIAL && ql_adoption_try(o, owner, rest) > 0)
        return;
    if (owner != NULL)
        take_closed(o, owner, header, header->packet, cause_of(o, owner, header));
    else if (o->datagram->wire_length > o->datagram->payload.length && !o->session->told_cut) {
        o->session->told_cut = true;
        ql_journal_find(o->session->journal, QL_NO_CONNECTION, o->datagram->where.frame,
                        QL_FINDING_CAPTURE_CUT,
                        "the capture holds %zu of %zu bytes of this datagram, so that the start of "
                        "its connection stays closed (capture with a larger snapshot length)",
                        o->datagram->payload.length, o->datagram->wire_length);
    }
}

static void tell_version(ql_opening *o, const ql_packet_header *header)
{
    if (o->session->told_version)
        return;
    o->session->told_version = true;
    ql_journal_find(o->session->journal, QL_NO_CONNECTION, o->datagram->where.frame,
                    QL_FINDING_CAPTURE_UNKNOWN_VERSION,
                    "QUIC version 0x%08x: only versions 1 and 2 and drafts 29 to 34 can be opened",
                    header->version);
}

/* Whom a packet that is not protected is for: nothing proves it but its ID, or its addresses. */
static bool find_owner(ql_opening *o, const ql_packet_header *header, ql_candidate *owner)
{
    ql_candidate candidates[QL_CANDIDATES_MAX];
    const ql_router *router = o->session->router;
    unsigned count = ql_router_propose_by_cid(router, &header->dcid, candidates);
    if (count == 0)
        count = ql_router_propose_by_address(router, o->datagram, candidates, 0);
    const ql_candidate *found = owner_of_closed(o, candidates, count);
    if (found != NULL)
        *owner = *found;
    return found != NULL;
}

/* Retry and Version Negotiation. */
static size_t take_unprotected(ql_opening *o, const ql_packet_header *header, ql_slice rest)
{
    ql_candidate owner;
    if (!find_owner(o, header, &owner) || owner.sender != QL_SERVER)
        return 0;
    ql_packet_input in = input_of(o, &owner, header);
    if (header->type == QL_PACKET_RETRY)
        ql_connection_on_retry(owner.connection, &in);
    else
        ql_connection_on_version_negotiation(owner.connection, &in);
    return rest.length;
}

static void take_unknown_version(ql_opening *o, ql_packet_header *header, ql_slice rest)
{
    ql_candidate owner;
    header->packet = rest;
    if (find_owner(o, header, &owner) && owner.match == QL_MATCH_CID)
        take_closed(o, &owner, header, rest, QL_CLOSED_UNKNOWN_VERSION);
    else if (o->offset == 0 && rest.length >= 1200) /* RFC 9000, 14.1: what begins a connection */
        tell_version(o, header);
}

/* One packet with a long header. Gives the bytes that it took. */
static size_t open_long(ql_opening *o, ql_slice rest)
{
    ql_packet_header header;
    switch (ql_packet_header_read_long(rest, &header)) {
    case QL_HEADER_NOT_QUIC: return 0;
    case QL_HEADER_UNKNOWN_VERSION: take_unknown_version(o, &header, rest); return 0;
    case QL_HEADER_OK: break;
    }
    if (header.type == QL_PACKET_RETRY || header.type == QL_PACKET_VERSION_NEGOTIATION)
        return take_unprotected(o, &header, rest);
    open_protected_long(o, &header, rest);
    return header.packet.length;
}

/* Of a short header's destination ID, if the packet belongs to the candidate. */
static size_t dcid_length_of(const ql_candidate *candidate)
{
    return candidate->match == QL_MATCH_CID
               ? candidate->dcid_length
               : ql_connection_cid_length(candidate->connection, ql_side_other(candidate->sender));
}

/* A short header says neither its length nor, in a super-datagram, where the packet ends. */
static bool open_short_of(ql_opening *o, const ql_candidate *candidate, ql_slice rest, size_t *used)
{
    ql_connection *connection = candidate->connection;
    size_t dcid_length = dcid_length_of(candidate);
    ql_segments segments;
    ql_segments_init(&segments, o->segment != 0 ? o->segment : ql_connection_segment(connection),
                     o->segment != 0, o->origin + o->offset, rest.length,
                     ql_connection_search_budget(connection));
    ql_packet_header header;
    ql_opened opened;
    while ((*used = ql_segments_next(&segments)) > 0) {
        if (ql_packet_header_read_short((ql_slice){ rest.data, *used }, dcid_length, &header) !=
            QL_HEADER_OK)
            continue;
        ql_open_status status = try_open(o, candidate, &header, &opened);
        if (status == QL_OPEN_NO_KEYS)
            return false;
        if (status == QL_OPEN_FAILED)
            continue;
        if (ql_segments_size(&segments) > 0) /* else it is the last one */
            o->segment = ql_segments_size(&segments);
        ql_connection_set_segment(connection, o->segment);
        ql_opener_take(o, candidate, &header, &opened);
        return true;
    }
    return false;
}

static bool take_stateless_reset(ql_opening *o, ql_slice rest)
{
    ql_candidate candidate = { .match = QL_MATCH_CID };
    ql_packet_header header;
    if (rest.length < 21 ||
        !ql_router_find_reset(o->session->router, rest.data + rest.length - 16,
                              &candidate.connection, &candidate.sender) ||
        ql_packet_header_read_short(rest, 0, &header) != QL_HEADER_OK)
        return false;
    ql_packet_input in = input_of(o, &candidate, &header);
    ql_connection_on_stateless_reset(candidate.connection, &in);
    return true;
}

static size_t open_short_by(ql_opening *o, const ql_candidate *candidates, unsigned from,
                            unsigned count, ql_slice rest)
{
    for (unsigned i = from; i < count; i++) {
        size_t used;
        if (open_short_of(o, &candidates[i], rest, &used))
            return used;
    }
    return 0;
}

/* Behind a gap in the capture the numbers of a connection's packets may not follow on. */
static bool seek_short(ql_opening *o, const ql_candidate *candidate, ql_slice rest)
{
    ql_connection *connection = candidate->connection;
    const ql_packet_numbers *numbers =
        ql_connection_numbers(connection, candidate->sender, QL_PACKET_ONE_RTT);
    ql_packet_header header;
    ql_opened opened;
    if (!numbers->any ||
        ql_packet_header_read_short(rest, dcid_length_of(candidate), &header) != QL_HEADER_OK)
        return false;
    if (ql_keyring_seek(ql_connection_keyring(connection), candidate->sender, &header, numbers,
                        o->session->scratch, ql_connection_search_budget(connection),
                        &opened) != QL_OPEN_OK)
        return false;
    ql_opener_take(o, candidate, &header, &opened);
    return true;
}

/* One packet with a short header. Gives the bytes that it took. */
static size_t open_short(ql_opening *o, ql_slice rest)
{
    ql_candidate candidates[QL_CANDIDATES_MAX];
    const ql_router *router = o->session->router;
    ql_slice after_first = { rest.data + 1, rest.length - 1 };
    unsigned by_cid = ql_router_propose_by_prefix(router, after_first, candidates);
    size_t used = open_short_by(o, candidates, 0, by_cid, rest);
    if (used > 0)
        return used;
    unsigned count = ql_router_propose_by_address(router, o->datagram, candidates, by_cid);
    if ((used = open_short_by(o, candidates, by_cid, count, rest)) > 0)
        return used;
    if (take_stateless_reset(o, rest))
        return rest.length;
    const ql_candidate *owner = owner_of_closed(o, candidates, count);
    if (owner != NULL && seek_short(o, owner, rest))
        return rest.length;
    if ((used = ql_adoption_try(o, owner, rest)) > 0 || owner == NULL)
        return used;
    ql_packet_header header;
    size_t length = dcid_length_of(owner);
    if (ql_packet_header_read_short(rest, length, &header) != QL_HEADER_OK)
        return 0;
    take_closed(o, owner, &header, rest, cause_of(o, owner, &header));
    return rest.length;
}

/* How many zeros the bytes begin with. */
static size_t zeros_of(ql_slice bytes)
{
    size_t zeros = 0;
    while (zeros < bytes.length && bytes.data[zeros] == 0)
        zeros++;
    return zeros;
}

/* A client that moves with a new ID is not recognized while the frame that issued the ID is closed.
 * Its datagrams wait with the connection that they may be of, or for one that may still begin. */
static void keep_stray(ql_opening *o)
{
    ql_session *session = o->session;
    ql_candidate candidates[QL_CANDIDATES_MAX];
    unsigned count = ql_router_propose_by_address(session->router, o->datagram, candidates, 0);
    unsigned i = 0;
    while (i < count && !ql_waiting_has(session->waiting, candidates[i].connection))
        i++;
    ql_waiting_packet packet = { .datagram = *o->datagram, .datagram_size = o->datagram_size };
    if (i < count)
        ql_waiting_add(session->waiting, candidates[i].connection, &packet);
    else
        ql_lobby_add(session->lobby, o->datagram);
}

/* The first packets of a datagram are nobody's, and others of it opened. The server's Initial
 * packet is such a one when it was captured ahead of the client's first. */
static void keep_head(ql_opening *o, size_t length)
{
    ql_waiting_packet packet = { .datagram = *o->datagram,
                                 .datagram_size = o->datagram_size,
                                 .part = true };
    packet.datagram.payload.length = packet.datagram.wire_length = length;
    ql_waiting_add(o->session->waiting, o->owner, &packet);
}

void ql_opener_run(ql_opening *o)
{
    ql_slice payload = o->datagram->payload;
    size_t head = 0; /* bytes until the first packet that has an owner */
    while (o->offset < payload.length) {
        ql_slice rest = { payload.data + o->offset, payload.length - o->offset };
        size_t used, zeros = zeros_of(rest);
        /* Zeros behind a packet pad the datagram; another segment may follow them. A few of them
         * may begin a packet, whose fixed bit need not be set (RFC 9287). */
        if (o->offset > 0 && (zeros == rest.length || zeros >= PADDING_FROM))
            used = zeros;
        else
            used = ql_packet_is_long(rest) ? open_long(o, rest) : open_short(o, rest);
        if (used == 0)
            break;
        o->offset += used;
        if (o->owner == NULL)
            head = o->offset;
    }
    if (o->owner != NULL && o->again == NULL && head > 0)
        keep_head(o, head);
    if (o->owner == NULL && o->again == NULL) {
        ql_strays_note(o->session->strays, o->datagram);
        keep_stray(o);
    }
}
