/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a connection begins, begins again, and is reset: first Initial, Retry, Version Negotiation,
 * stateless reset (RFC 9000, 7.2, 17.2.5, 6 and 10.3). */
#include "model/connection_state.h"

#include <string.h>

static bool may_begin_late(const ql_connection *c, const ql_cid *scid, const uint8_t *random)
{
    if (!c->facts.start_missing)
        return false;
    bool known = random != NULL && c->facts.has_client_random;
    if (known && memcmp(random, c->facts.client_random, sizeof c->facts.client_random) == 0)
        return true;
    /* A second ClientHello may have another random; one that comes in pieces shows none. */
    if (!known && ql_cid_ledger_entries(c->cids[QL_CLIENT])->len == 0)
        return true;
    return (!known || scid->length > 0) && ql_cid_ledger_find(c->cids[QL_CLIENT], scid) != NULL;
}

/* The Initial that answers a Retry was captured ahead of the one that brought the Retry about. */
static bool lacks_first_initial(const ql_connection *c)
{
    return c->begun && c->facts.retried && c->original == NULL;
}

/* A client may not change its ID behind a Retry (RFC 9000, 17.2.5.2). An empty one is everybody's,
 * so that a token, or the session, has to speak for it. */
static bool is_same_client(const ql_connection *c, const ql_packet_header *header,
                           const uint8_t *random)
{
    const ql_cid_entry *first = ql_cid_ledger_find_sequence(c->cids[QL_CLIENT], 0);
    if (first == NULL || !ql_cid_equal(&first->cid, &header->scid))
        return false;
    return header->scid.length > 0 || header->token.length > 0 || c->negotiated ||
           (random != NULL && c->facts.has_client_random &&
            memcmp(random, c->facts.client_random, sizeof c->facts.client_random) == 0);
}

bool ql_connection_may_begin_again(const ql_connection *c, const ql_packet_header *header,
                                   const uint8_t *random)
{
    if (!c->begun)
        return may_begin_late(c, &header->scid, random);
    if (lacks_first_initial(c))
        return is_same_client(c, header, random);
    /* Behind Version Negotiation a client begins from nothing, but in another version. */
    return !c->saw_server && ((c->negotiated && header->version != c->facts.version) ||
                              is_same_client(c, header, random));
}

void ql_connection_begin(ql_connection *c, const ql_cid *dcid, uint32_t version, uint32_t frame)
{
    if (lacks_first_initial(c)) {
        ql_cid_entry told = { .cid = *dcid, .origin = QL_ORIGIN_CLIENT_RANDOM };
        c->original = ql_connection_issue(c, QL_SERVER, &told, frame);
        return;
    }
    if (c->begun) {
        ql_handshake_restart(c->handshake);
        ql_packet_numbers_clear(&c->numbers[QL_SPACE_INITIAL][QL_CLIENT]);
        ql_deliveries_clear(&c->deliveries[QL_CLIENT]);
        c->facts.version = version;
        c->restarted = true;
    }
    if (c->facts.start_missing) {
        c->facts.start_missing = false;
        ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_CAPTURE_START_MISSING);
    }
    c->begun = true;
    c->news = true; /* what came ahead of it may be opened now */
    ql_keyring_set_initial_dcid(c->ring, dcid);
    ql_cid_entry *entry = ql_cid_ledger_find(c->cids[QL_SERVER], dcid);
    if (entry != NULL && entry->origin != QL_ORIGIN_SEEN_IN_USE)
        return;          /* Retry's choice, which was entered with Retry */
    if (entry != NULL) { /* 0-RTT that was captured ahead of its Initial */
        entry->origin = QL_ORIGIN_CLIENT_RANDOM;
        entry->issued_frame = frame;
    } else {
        bool retry = dcid->length > 0 && ql_cid_equal(dcid, &c->other_retry);
        ql_cid_entry told = { .cid = *dcid,
                              .origin = retry ? QL_ORIGIN_RETRY : QL_ORIGIN_CLIENT_RANDOM };
        entry = ql_connection_issue(c, QL_SERVER, &told, frame);
    }
    c->cid_length[QL_SERVER] = 0; /* chosen by the client: tells nothing of the server's choice */
    if (entry == NULL)
        return;
    if (c->destination[QL_CLIENT] == NULL || c->restarted)
        c->destination[QL_CLIENT] = entry;
    /* After a Retry that was not captured the first one still counts (RFC 9000, 7.3). */
    if (c->original == NULL || c->negotiated)
        c->original = entry;
}

/* Retry and Version Negotiation are only noted on their path; nothing of them is counted by number.
 */
static void note(ql_connection *c, const ql_packet_input *in)
{
    c->facts.packets++;
    c->facts.closed[QL_OPENED]++;
    in->event->path = (uint16_t)ql_connection_use_path(c, in)->id;
}

static void tell_retry(ql_connection *c, const ql_packet_input *in)
{
    ql_journal_say(c->context.journal, in->datagram->where.frame, "RFC 9000, 8.1.2",
                   "The server wants proof of the client's address: Retry with a token of %zu "
                   "bytes, which the next Initial has to carry",
                   in->header->token.length);
}

/* The Initial that answers the Retry was captured ahead of it: the ID that was taken for the
 * client's choice is the server's. */
static void take_late_retry(ql_connection *c, const ql_packet_input *in, ql_cid_entry *answer)
{
    answer->origin = QL_ORIGIN_RETRY;
    if (c->facts.retried)
        return;
    c->facts.retried = c->restarted = true;
    if (c->original == answer)
        c->original = NULL;
    tell_retry(c, in);
}

void ql_connection_on_retry(ql_connection *c, const ql_packet_input *in)
{
    uint32_t frame = in->datagram->where.frame;
    const ql_cid_entry *original = c->original;
    note(c, in);
    if (original == NULL)
        return;
    ql_cid_entry *answer = ql_cid_ledger_find(c->cids[QL_SERVER], &in->header->scid);
    if (answer != NULL && answer->origin == QL_ORIGIN_CLIENT_RANDOM) {
        take_late_retry(c, in, answer);
        return;
    }
    if (c->facts.retried)
        c->other_retry = in->header->scid; /* the client may have had this one first */
    if (c->facts.retried || c->saw_server)
        return; /* RFC 9000, 17.2.5.2: one Retry, and only ahead of everything else */
    if (!ql_retry_is_authentic(in->header, &original->cid)) {
        if (c->token) /* its Initial may answer another Retry, which was not captured */
            return;
        ql_journal_find(c->context.journal, c->facts.number, frame, QL_FINDING_RETRY_INTEGRITY,
                        "the integrity tag of this Retry does not fit the client's first Initial");
        return;
    }
    c->facts.retried = c->restarted = true;
    ql_cid_entry told = { .cid = in->header->scid, .origin = QL_ORIGIN_RETRY };
    ql_connection_issue(c, QL_SERVER, &told, frame);
    c->cid_length[QL_SERVER] = 0;
    ql_keyring_set_initial_dcid(c->ring, &in->header->scid);
    ql_handshake_restart(c->handshake);
    tell_retry(c, in);
}

void ql_connection_on_version_negotiation(ql_connection *c, const ql_packet_input *in)
{
    note(c, in);
    if (!c->saw_server) { /* else the client passes it over (RFC 9000, 6.2) */
        c->restarted = c->negotiated = true;
        ql_handshake_restart(c->handshake);
    }
    GString *list = g_string_new(NULL);
    ql_reader reader = ql_reader_of(in->header->versions);
    while (ql_reader_left(&reader) >= 4 && list->len < 200)
        g_string_append_printf(list, "%s0x%08x", list->len > 0 ? ", " : "", ql_read_u32(&reader));
    ql_journal_say(c->context.journal, in->datagram->where.frame, "RFC 9000, 6",
                   "The server does not speak the client's version 0x%08x; it offers %s",
                   c->facts.version, list->str);
    g_string_free(list, TRUE);
}

void ql_connection_on_stateless_reset(ql_connection *c, const ql_packet_input *in)
{
    const GPtrArray *entries = ql_cid_ledger_entries(c->cids[in->sender]);
    const uint8_t *end = in->header->packet.data + in->header->packet.length;
    const ql_cid_entry *owner = NULL;
    for (guint i = 0; i < entries->len && owner == NULL; i++) {
        const ql_cid_entry *entry = g_ptr_array_index(entries, i);
        if (entry->has_reset_token && memcmp(entry->reset_token, end - 16, 16) == 0)
            owner = entry;
    }
    note(c, in);
    if (owner == NULL) { /* the token of an ID that has got another one since */
        ql_journal_say(c->context.journal, in->datagram->where.frame, "RFC 9000, 10.3",
                       "Stateless reset: the %s does not know this connection any more",
                       ql_side_name(in->sender));
        return;
    }
    ql_cid_event *event =
        &ql_journal_add(c->context.journal, in->datagram->where.frame, QL_EVENT_CID)->cid;
    *event = (ql_cid_event){ .cid = owner, .kind = QL_CID_STATELESS_RESET };
}
