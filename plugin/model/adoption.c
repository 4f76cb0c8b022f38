/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections whose start was not captured. What their packets do not tell, the log's sessions do:
 * each is tried on a packet, and the one that opens it is the right one. */
#include "model/session_state.h"

#include <string.h>

#define SESSIONS_TRIED_MAX 1000u /* newest of the log, for one packet */
#define PACKETS_TRIED_MAX  16u   /* of one address pair */
#define SESSION_COST       20u   /* attempts that setting up a session's keys amounts to */
#define PACKET_BUDGET      50000u

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
static bool adopt(ql_opening *o, ql_side sender, const ql_packet_header *header, ql_keyring *ring,
                  const ql_session_secrets *secrets, ql_opened *opened)
{
    ql_candidate candidate = { .sender = sender, .match = QL_MATCH_CID };
    candidate.connection = connection_of(o->session, secrets);
    if (candidate.connection == NULL) {
        candidate.connection =
            ql_session_begin_connection(o->session, o->datagram, sender, header->version);
        ql_connection_adopt(candidate.connection, ring, secrets);
        tell(o, candidate.connection);
        ql_opener_take(o, &candidate, header, opened);
        return true;
    }
    ql_keyring_free(ring);
    unsigned budget = PACKET_BUDGET;
    ql_keyring *own = ql_connection_keyring(candidate.connection);
    const ql_packet_numbers *numbers =
        ql_connection_numbers(candidate.connection, sender, header->type);
    ql_connection_learn_secrets(candidate.connection);
    if (ql_keyring_open(own, sender, header, numbers, o->session->scratch, opened) != QL_OPEN_OK &&
        ql_keyring_search(own, sender, header, o->session->scratch, &budget, opened) != QL_OPEN_OK)
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

static bool try_session(ql_opening *o, const ql_session_secrets *secrets, ql_slice rest,
                        unsigned *budget, size_t *used)
{
    bool is_long = ql_packet_is_long(rest);
    for (int side = 0; side < 2; side++) {
        ql_keyring *ring = ql_keyring_new();
        ql_keyring_set_secrets(ring, secrets);
        for (unsigned i = 0; i < (is_long ? 1 : QL_CID_MAX + 1) && *budget > 0; i++) {
            ql_packet_header header;
            ql_opened opened;
            ql_header_status status =
                is_long ? ql_packet_header_read_long(rest, &header)
                        : ql_packet_header_read_short(rest, length_of_try(i), &header);
            if (status != QL_HEADER_OK ||
                ql_keyring_search(ring, (ql_side)side, &header, o->session->scratch, budget,
                                  &opened) != QL_OPEN_OK)
                continue;
            *used = header.packet.length;
            return adopt(o, (ql_side)side, &header, ring, secrets, &opened);
        }
        ql_keyring_free(ring);
    }
    return false;
}

size_t ql_adoption_try(ql_opening *o, ql_slice rest)
{
    ql_session *session = o->session;
    if (o->again != NULL || session->adoption_budget == 0 ||
        o->datagram->wire_length > o->datagram->payload.length ||
        ql_secrets_log_count(session->log) == 0 ||
        ql_strays_seen(session->strays, o->datagram) > PACKETS_TRIED_MAX)
        return 0;
    unsigned count = ql_secrets_log_count(session->log), tried = 0;
    size_t used = 0;
    for (unsigned i = count; i-- > 0 && tried < SESSIONS_TRIED_MAX; tried++) {
        unsigned given = (unsigned)MIN(session->adoption_budget, PACKET_BUDGET), budget = given;
        bool found = try_session(o, ql_secrets_log_at(session->log, i), rest, &budget, &used);
        uint64_t cost = given - budget + SESSION_COST;
        session->adoption_budget -= MIN(cost, session->adoption_budget);
        if (found)
            return used;
        if (session->adoption_budget == 0) {
            ql_journal_find(session->journal, QL_NO_CONNECTION, o->datagram->where.frame,
                            QL_FINDING_LIMIT_REACHED,
                            "too many packets fit no connection: from here on the log's sessions "
                            "are not tried on them any more");
            break;
        }
    }
    return 0;
}
