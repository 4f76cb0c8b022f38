/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections whose start was not captured. What their packets do not tell, the log's sessions do:
 * each is tried on a packet, and the one that opens it is the right one. */
#include "model/session_state.h"

#include <string.h>

#define SESSIONS_TRIED_MAX 1000u  /* newest of the log, for one packet */
#define SESSION_COST       20u    /* attempts that setting up a session's keys amounts to */
#define SESSION_BUDGET     50000u /* attempts for one session */
#define PACKET_SHARE       16u    /* this part of what is left of all, for one packet */
#define PACKET_LEAST       1000u  /* with fewer attempts a packet is not worth a search */
#define WIDE_TRIES_MAX     4u     /* packets of one address pair that are searched widely */

/* The connection that has this session already, so that one session stays one connection. */
static ql_connection *connection_of(const ql_session *session, const ql_session_secrets *secrets)
{
    for (guint i = session->connections->len; i-- > 0;) {
        ql_connection *connection = g_ptr_array_index(session->connections, i);
        const ql_connection_facts *facts = ql_connection_facts_of(connection);
        if (facts->has_client_random &&
            memcmp(facts->client_random, secrets->client_random, sizeof facts->client_random) == 0)
            return connection;
    }
    return NULL;
}

static void tell(ql_opening *o, const ql_connection *connection)
{
    ql_journal_find(o->session->journal, ql_connection_facts_of(connection)->number,
                    o->datagram->where.frame, QL_FINDING_CAPTURE_START_MISSING,
                    "the capture begins in the middle of this connection; a session of the log "
                    "opens it, but what went before is not known");
}

/* A packet was opened with a ring of its own: it begins a connection, or goes to the one that has
 * the session, whose own keys then find the way anew. */
static bool adopt(ql_opening *o, const ql_candidate *owner, ql_side sender,
                  const ql_packet_header *header, ql_keyring *ring,
                  const ql_session_secrets *secrets, ql_opened *opened)
{
    ql_candidate candidate = { .sender = sender, .match = QL_MATCH_CID };
    if (owner != NULL && !ql_connection_facts_of(owner->connection)->has_client_random) {
        candidate.connection = owner->connection; /* its ClientHello is not there, or not whole */
        ql_connection_identify(owner->connection, secrets);
    } else {
        candidate.connection = connection_of(o->session, secrets);
    }
    if (candidate.connection == NULL) {
        candidate.connection =
            ql_session_begin_connection(o->session, o->datagram, sender,
                                        header->version != 0 ? header->version : opened->version);
        if (candidate.connection == NULL) {
            ql_keyring_free(ring);
            return false;
        }
        ql_connection_adopt(candidate.connection, ring, secrets);
        tell(o, candidate.connection);
        ql_opener_take(o, &candidate, header, opened);
        return true;
    }
    ql_keyring_free(ring);
    unsigned budget = SESSION_BUDGET;
    uint8_t *scratch = o->session->scratch;
    ql_keyring *own = ql_connection_keyring(candidate.connection);
    const ql_packet_numbers *numbers =
        ql_connection_numbers(candidate.connection, sender, header->type);
    ql_connection_learn_secrets(candidate.connection);
    if (ql_keyring_open(own, sender, header, numbers, scratch, opened) != QL_OPEN_OK &&
        ql_keyring_search(own, sender, header, QL_SEARCH_WIDE, scratch, &budget, opened) !=
            QL_OPEN_OK)
        return false;
    ql_opener_take(o, &candidate, header, opened);
    return true;
}

/* Lengths of destination IDs, the usual ones first; each from 0 to QL_CID_MAX once. */
static size_t length_of_try(unsigned i)
{
    static const uint8_t order[QL_CID_MAX + 1] = { 8,  20, 0,  18, 17, 16, 4, 5, 12, 10, 9,
                                                   14, 11, 13, 15, 19, 7,  6, 3, 2,  1 };
    return order[i];
}

/* One packet on its way through the log. */
typedef struct attempt {
    ql_opening *o;
    const ql_candidate *owner; /* whose it seems to be, or NULL */
    ql_slice rest;             /* begins with the packet */
    ql_search_effort effort;
    size_t used; /* bytes of the packet that was opened */
} attempt;

static bool try_session(attempt *a, const ql_session_secrets *secrets, unsigned *budget)
{
    bool is_long = ql_packet_is_long(a->rest);
    for (int side = 0; side < 2; side++) {
        ql_keyring *ring = ql_keyring_new();
        ql_keyring_set_secrets(ring, secrets);
        for (unsigned i = 0; i < (is_long ? 1 : QL_CID_MAX + 1) && *budget > 0; i++) {
            ql_packet_header header;
            ql_opened opened;
            ql_header_status status =
                is_long ? ql_packet_header_read_long(a->rest, &header)
                        : ql_packet_header_read_short(a->rest, length_of_try(i), &header);
            if (status != QL_HEADER_OK ||
                ql_keyring_search(ring, (ql_side)side, &header, a->effort, a->o->session->scratch,
                                  budget, &opened) != QL_OPEN_OK)
                continue;
            a->used = header.packet.length;
            return adopt(a->o, a->owner, (ql_side)side, &header, ring, secrets, &opened);
        }
        ql_keyring_free(ring);
    }
    return false;
}

/* The newest sessions first. */
static bool try_sessions(attempt *a, uint64_t *budget)
{
    ql_secrets_log *log = a->o->session->log;
    unsigned count = ql_secrets_log_count(log);
    unsigned last = count > SESSIONS_TRIED_MAX ? count - SESSIONS_TRIED_MAX : 0;
    for (unsigned i = count; i-- > last && *budget > SESSION_COST;) {
        unsigned given = (unsigned)MIN(*budget - SESSION_COST, SESSION_BUDGET), left = given;
        bool found = try_session(a, ql_secrets_log_at(log, i), &left);
        *budget -= given - left + SESSION_COST;
        if (found)
            return true;
    }
    return false;
}

/* The connection is known, and an acknowledgement tells where the numbers of the packet's sender
 * stand, but not one of the IDs that it sends to: so its lengths are tried. */
static bool try_owner(attempt *a)
{
    ql_connection *connection = a->owner->connection;
    ql_side sender = a->owner->sender;
    const ql_packet_numbers *numbers = ql_connection_numbers(connection, sender, QL_PACKET_ONE_RTT);
    unsigned *budget = ql_connection_search_budget(connection);
    if (numbers->any || !numbers->any_acked || ql_packet_is_long(a->rest) ||
        ql_connection_cids(connection, ql_side_other(sender))->len > 0)
        return false;
    for (unsigned i = 0; i <= QL_CID_MAX && *budget > 0; i++) {
        ql_packet_header header;
        ql_opened opened;
        if (ql_packet_header_read_short(a->rest, length_of_try(i), &header) != QL_HEADER_OK)
            continue;
        --*budget;
        if (ql_keyring_open(ql_connection_keyring(connection), sender, &header, numbers,
                            a->o->session->scratch, &opened) != QL_OPEN_OK)
            continue;
        a->used = header.packet.length;
        ql_opener_take(a->o, a->owner, &header, &opened);
        return true;
    }
    return false;
}

/* Which try of its address pair it is, from 1; 0 when it is not worth one. */
static unsigned number_of_try(const ql_opening *o, const ql_candidate *owner)
{
    ql_session *session = o->session;
    if (o->again != NULL || session->adoption_budget == 0 ||
        ql_secrets_log_count(session->log) == 0 ||
        o->datagram->wire_length > o->datagram->payload.length)
        return 0;
    /* What is sent to an ID of a connection whose session is known is that connection's. */
    if (owner != NULL && owner->match == QL_MATCH_CID &&
        ql_connection_facts_of(owner->connection)->has_client_random)
        return 0;
    return ql_strays_try(session->strays, o->datagram);
}

static void pay(ql_opening *o, uint64_t cost)
{
    ql_session *session = o->session;
    session->adoption_budget -= MIN(cost, session->adoption_budget);
    if (session->adoption_budget >= PACKET_SHARE * PACKET_LEAST)
        return;
    session->adoption_budget = 0;
    ql_journal_find(session->journal, QL_NO_CONNECTION, o->datagram->where.frame,
                    QL_FINDING_LIMIT_REACHED,
                    "too many packets fit no connection: from here on the log's sessions are not "
                    "tried on them any more");
}

size_t ql_adoption_try(ql_opening *o, const ql_candidate *owner, ql_slice rest)
{
    attempt a = { .o = o, .owner = owner, .rest = rest, .effort = QL_SEARCH_LIKELY };
    if (owner != NULL && try_owner(&a))
        return a.used;
    unsigned number = number_of_try(o, owner);
    if (number == 0)
        return 0;
    uint64_t given = o->session->adoption_budget / PACKET_SHARE, left = given;
    bool found = try_sessions(&a, &left);
    if (!found && number <= WIDE_TRIES_MAX) {
        a.effort = QL_SEARCH_WIDE;
        found = try_sessions(&a, &left);
    }
    pay(o, given - left);
    return found ? a.used : 0;
}
