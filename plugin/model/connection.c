/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/connection_state.h"

#include <string.h>

/* Attempts at opening, of about a microsecond each, that a connection without its start may cost.
 */
#define SEARCH_BUDGET 20000u

/* Datagrams behind a CONNECTION_CLOSE after which the keys, made anew for each, are put away. */
#define NAPS_MAX 16u

#define WRONG_TOLD_FROM 8u /* packets that do not authenticate */

ql_space ql_space_of(ql_packet_type type)
{
    switch (type) {
    case QL_PACKET_INITIAL: return QL_SPACE_INITIAL;
    case QL_PACKET_HANDSHAKE: return QL_SPACE_HANDSHAKE;
    case QL_PACKET_ZERO_RTT:
    case QL_PACKET_ONE_RTT:
    case QL_PACKET_RETRY:
    case QL_PACKET_VERSION_NEGOTIATION:
    case QL_PACKET_TYPE_COUNT: break;
    }
    return QL_SPACE_APPLICATION;
}

ql_connection *ql_connection_new(const ql_connection_context *context, uint32_t number,
                                 const ql_datagram *first, ql_side sender, uint32_t version)
{
    ql_connection *c = g_new0(ql_connection, 1);
    c->context = *context;
    c->facts.number = number;
    c->facts.version = version;
    c->facts.client = sender == QL_CLIENT ? first->source : first->destination;
    c->facts.server = sender == QL_CLIENT ? first->destination : first->source;
    c->facts.first = c->facts.last = first->where;
    c->ring = ql_keyring_new();
    c->search_budget = SEARCH_BUDGET;
    c->handshake = ql_handshake_new(&c->facts, context->journal);
    c->streams = ql_streams_new(context->journal, number);
    ql_streams_keep_bodies(c->streams, context->bodies);
    c->cids[QL_CLIENT] = ql_cid_ledger_new(QL_CLIENT);
    c->cids[QL_SERVER] = ql_cid_ledger_new(QL_SERVER);
    c->paths = ql_path_table_new();
    ql_connection_begin_paths(c, sender);
    return c;
}

void ql_connection_free(ql_connection *c)
{
    if (c == NULL)
        return;
    ql_keyring_free(c->ring);
    for (int space = 0; space < QL_SPACE_COUNT; space++)
        for (int side = 0; side < 2; side++)
            ql_packet_numbers_clear(&c->numbers[space][side]);
    ql_handshake_free(c->handshake);
    ql_streams_free(c->streams);
    ql_cid_ledger_free(c->cids[QL_CLIENT]);
    ql_cid_ledger_free(c->cids[QL_SERVER]);
    ql_path_table_free(c->paths);
    ql_deliveries_clear(&c->deliveries[QL_CLIENT]);
    ql_deliveries_clear(&c->deliveries[QL_SERVER]);
    for (int side = 0; side < 2; side++)
        if (c->unacked[side] != NULL)
            g_array_free(c->unacked[side], TRUE);
    if (c->early_retirements != NULL)
        g_array_free(c->early_retirements, TRUE);
    g_free(c->facts.close.reason);
    g_free(c);
}

ql_keyring *ql_connection_keyring(ql_connection *c)
{
    return c->ring;
}

ql_packet_numbers *ql_connection_numbers(ql_connection *c, ql_side sender, ql_packet_type type)
{
    return &c->numbers[ql_space_of(type)][sender];
}

size_t ql_connection_cid_length(const ql_connection *c, ql_side issuer)
{
    return c->cid_length[issuer];
}

unsigned *ql_connection_search_budget(ql_connection *c)
{
    return &c->search_budget;
}

void ql_connection_adopt(ql_connection *c, ql_keyring *ring, const ql_session_secrets *secrets)
{
    ql_keyring_free(c->ring);
    c->ring = ring;
    c->facts.has_client_random = true;
    memcpy(c->facts.client_random, secrets->client_random, sizeof c->facts.client_random);
    c->facts.start_missing = true;
    c->news = true;
}

void ql_connection_identify(ql_connection *c, const ql_session_secrets *secrets)
{
    c->facts.has_client_random = true;
    memcpy(c->facts.client_random, secrets->client_random, sizeof c->facts.client_random);
    ql_connection_learn_secrets(c);
}

bool ql_connection_learn_secrets(ql_connection *c)
{
    if (!c->facts.has_client_random)
        return false;
    const ql_session_secrets *secrets = ql_secrets_log_find(c->context.log, c->facts.client_random);
    if (secrets == NULL || !ql_keyring_set_secrets(c->ring, secrets))
        return false;
    c->news = true;
    return true;
}

bool ql_connection_may_open_more(const ql_connection *c)
{
    return c->facts.start_missing || !ql_keyring_has(c->ring, QL_CLIENT, QL_PACKET_ONE_RTT) ||
           !ql_keyring_has(c->ring, QL_SERVER, QL_PACKET_ONE_RTT);
}

bool ql_connection_may_open_stray(const ql_connection *c, const ql_datagram *datagram)
{
    const ql_packet_numbers *numbers = c->numbers[QL_SPACE_APPLICATION];
    return (!numbers[QL_CLIENT].any &&
            ql_path_table_find(c->paths, &datagram->source, &datagram->destination) != NULL) ||
           (!numbers[QL_SERVER].any &&
            ql_path_table_find(c->paths, &datagram->destination, &datagram->source) != NULL);
}

bool ql_connection_take_news(ql_connection *c)
{
    bool news = c->news;
    c->news = false;
    return news;
}

size_t ql_connection_segment(const ql_connection *c)
{
    return c->segment;
}

void ql_connection_set_segment(ql_connection *c, size_t size)
{
    if (size > 0)
        c->segment = size;
}

/* The secrets' state follows from what was opened: counts by cause say it without a history. */
static void judge_secrets(ql_connection_facts *facts, ql_packet_type type)
{
    bool lacking = facts->closed[QL_CLOSED_NO_SECRET] + facts->closed[QL_CLOSED_NO_LEVEL] +
                       facts->closed[QL_CLOSED_START_MISSING] + facts->closed[QL_CLOSED_WAITING] >
                   0;
    bool opened = facts->secrets == QL_SECRETS_AVAILABLE || facts->secrets == QL_SECRETS_PARTIAL ||
                  type == QL_PACKET_ZERO_RTT || type == QL_PACKET_HANDSHAKE ||
                  type == QL_PACKET_ONE_RTT;
    if (opened)
        facts->secrets = lacking ? QL_SECRETS_PARTIAL : QL_SECRETS_AVAILABLE;
    else if (lacking)
        facts->secrets = QL_SECRETS_MISSING;
}

static bool is_out_of_order(const ql_where *a, const ql_where *b)
{
    return a->frame < b->frame ? a->time_ns > b->time_ns : a->time_ns < b->time_ns;
}

/* As when several interfaces, or files, were put together: what came before what is then not known.
 * Only datagrams of one sender are held against each other: who captures itself may write what it
 * sent ahead of what had come a moment before, but had not been read. */
static void check_order(ql_connection *c, const ql_where *where, ql_side sender)
{
    ql_where *earliest = &c->earliest[sender], *latest = &c->latest[sender];
    if (latest->frame == 0)
        *earliest = *latest = *where;
    if (!c->out_of_order && (is_out_of_order(where, latest) || is_out_of_order(where, earliest))) {
        c->out_of_order = true;
        ql_journal_doubt_order(c->context.journal, c->facts.number);
    }
    if (where->frame > latest->frame)
        *latest = *where;
    if (where->frame < earliest->frame)
        *earliest = *where;
}

void ql_connection_on_datagram(ql_connection *c, const ql_datagram *datagram, ql_side sender)
{
    c->facts.datagrams++;
    c->facts.bytes += datagram->wire_length;
    check_order(c, &datagram->where, sender);
    if (datagram->where.frame > c->facts.last.frame)
        c->facts.last = datagram->where;
    if (datagram->where.frame < c->facts.first.frame)
        c->facts.first = datagram->where;
    const ql_endpoint *client = sender == QL_CLIENT ? &datagram->source : &datagram->destination;
    const ql_endpoint *server = sender == QL_CLIENT ? &datagram->destination : &datagram->source;
    ql_path *path = ql_path_table_find(c->paths, client, server);
    if (path != NULL)
        ql_connection_measure_path(c, path, datagram, sender);
    if (c->facts.close.frame != 0 && c->naps < NAPS_MAX) {
        ql_keyring_doze(c->ring);
        c->naps++;
    }
}

/* The version of what the server sends is the one that was agreed on (RFC 9368, 4). Until then it
 * is the one that the client tries, another one behind Version Negotiation. */
static void note_version(ql_connection *c, const ql_packet_input *in)
{
    if (in->header->version == 0 || in->header->version == c->facts.version ||
        (in->sender == QL_CLIENT && c->saw_server))
        return;
    if (in->sender == QL_CLIENT) {
        c->facts.version = in->header->version;
        return;
    }
    ql_journal_say(c->context.journal, in->datagram->where.frame, "RFC 9368, 2.3",
                   "The server goes on with version 0x%08x instead of 0x%08x", in->header->version,
                   c->facts.version);
    c->facts.version = in->header->version;
}

void ql_connection_on_packet(ql_connection *c, const ql_packet_input *in, const ql_opened *opened)
{
    ql_packet_type type = in->header->type;
    ql_packet_numbers *numbers = ql_connection_numbers(c, in->sender, type);
    bool newest = !numbers->any || opened->packet_number > numbers->largest;
    c->news |= !numbers->any; /* now others' truncated numbers are known */
    bool duplicate = !ql_packet_numbers_add(numbers, opened->packet_number);

    in->event->packet_number = opened->packet_number;
    in->event->key_phase = opened->key_phase;
    in->event->key_update = opened->key_update;
    in->event->duplicate = duplicate;
    c->facts.packets++;
    c->facts.closed[QL_OPENED]++;
    if (type == QL_PACKET_HANDSHAKE || type == QL_PACKET_ONE_RTT) {
        c->facts.has_suite = true;
        c->facts.suite = opened->suite;
    }
    judge_secrets(&c->facts, type);
    note_version(c, in);
    c->saw_server |= in->sender == QL_SERVER;

    ql_path *path = ql_connection_use_path(c, in);
    in->event->path = (uint16_t)path->id;
    ql_connection_prove_path(in, path);
    c->token |= type == QL_PACKET_INITIAL && in->header->token.length > 0;
    ql_deliveries_on_packet(&c->deliveries[in->sender], ql_space_of(type), opened->packet_number,
                            in->sender, in->datagram_size, path);
    ql_connection_use_cids(c, in, path, newest && !duplicate);
    if (duplicate)
        return;
    uint8_t reserved = type == QL_PACKET_ONE_RTT ? 0x18 : 0x0c;
    if ((opened->first & reserved) != 0)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_PACKET_RESERVED_BITS,
                        "%s packet %" G_GUINT64_FORMAT ": reserved bits are not zero",
                        ql_packet_type_name(type), opened->packet_number);
    if (opened->payload.length == 0)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_PACKET_MALFORMED,
                        "%s packet %" G_GUINT64_FORMAT " has no frames", ql_packet_type_name(type),
                        opened->packet_number);
    ql_connection_watch_spin(in, path, (opened->first & 0x20) != 0, newest);
    ql_connection_read_frames(c, in, path, opened->payload);
    ql_connection_note_switch(c, in, path, newest);
    ql_connection_check_packet(c, in, path, newest);
    ql_connection_judge_path(c, in, path, newest);
}

static void tell_secrets(ql_connection *c, const ql_packet_input *in, ql_closed_cause cause)
{
    char random[2 * QL_CLIENT_RANDOM_LENGTH + 1];
    for (unsigned i = 0; i < QL_CLIENT_RANDOM_LENGTH; i++)
        g_snprintf(random + 2 * i, 3, "%02x", c->facts.client_random[i]);
    unsigned others = ql_secrets_log_count(c->context.log);
    ql_journal *journal = c->context.journal;
    uint32_t number = c->facts.number, frame = in->datagram->where.frame;
    if (cause == QL_CLOSED_NO_SECRET)
        ql_journal_find(journal, number, frame, QL_FINDING_SECRETS_MISSING,
                        "no secrets for this connection: client random %s, the log has %u other "
                        "session%s",
                        random, others, others == 1 ? "" : "s");
    else
        ql_journal_find(journal, number, frame, QL_FINDING_SECRETS_PARTIAL,
                        "the log has client random %s, but no secret for %s packets of the %s",
                        random, ql_packet_type_name(in->header->type), ql_side_name(in->sender));
}

/* Damaged packets come one by one. Many, and never one that opens, is another session's secret. */
static void tell_wrong(ql_connection *c, const ql_packet_input *in)
{
    /* Without the start it may as well be that their numbers are not known. */
    if (c->told_wrong || c->facts.start_missing || in->header->type == QL_PACKET_INITIAL ||
        ql_connection_numbers(c, in->sender, in->header->type)->any ||
        c->facts.closed[QL_CLOSED_NOT_AUTHENTIC] < WRONG_TOLD_FROM)
        return;
    c->told_wrong = true;
    ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                    QL_FINDING_SECRETS_WRONG,
                    "%" G_GUINT64_FORMAT " packets do not open with the secrets that the log has "
                    "for this client random",
                    c->facts.closed[QL_CLOSED_NOT_AUTHENTIC]);
}

/* Once a cause, as long as there are packets that stay closed for it. */
static void tell_cause(ql_connection *c, const ql_packet_input *in, ql_closed_cause cause)
{
    if (c->told_cause[cause])
        return;
    c->told_cause[cause] = true;
    if (cause == QL_CLOSED_NO_SECRET || cause == QL_CLOSED_NO_LEVEL)
        tell_secrets(c, in, cause);
    else if (cause == QL_CLOSED_CUT)
        ql_journal_find(c->context.journal, c->facts.number, in->datagram->where.frame,
                        QL_FINDING_CAPTURE_CUT,
                        "the capture holds %zu of %zu bytes of this datagram; what was cut cannot "
                        "be opened (capture with a larger snapshot length)",
                        in->datagram->payload.length, in->datagram->wire_length);
}

void ql_connection_on_closed(ql_connection *c, const ql_packet_input *in)
{
    ql_closed_cause cause = (ql_closed_cause)in->event->closed;
    c->facts.packets++;
    c->facts.closed[cause]++;
    judge_secrets(&c->facts, QL_PACKET_INITIAL);
    if (cause != QL_CLOSED_WAITING) /* which is told when the capture ends */
        tell_cause(c, in, cause);
    if (cause == QL_CLOSED_NOT_AUTHENTIC) {
        if (in->header->type != QL_PACKET_INITIAL && c->facts.secrets == QL_SECRETS_NOT_NEEDED)
            c->facts.secrets = QL_SECRETS_MISSING;
        tell_wrong(c, in);
    }
    /* Without secrets the IDs on the packets and their addresses are all that can be followed. What
     * stands behind a first byte is an ID only if it is a known one. */
    if (cause != QL_CLOSED_NOT_AUTHENTIC && cause != QL_CLOSED_UNKNOWN_VERSION) {
        ql_path *path = ql_connection_use_path(c, in);
        in->event->path = (uint16_t)path->id;
        if (in->header->type == QL_PACKET_ONE_RTT &&
            ql_cid_ledger_find(c->cids[ql_side_other(in->sender)], &in->header->dcid) == NULL)
            return;
        ql_connection_use_cids(c, in, path, false);
        ql_connection_note_switch(c, in, path, false);
    }
}

void ql_connection_uncount(ql_connection *c, ql_closed_cause was)
{
    c->facts.packets--;
    c->facts.closed[was]--;
    judge_secrets(&c->facts, QL_PACKET_INITIAL);
}

void ql_connection_retell_causes(ql_connection *c)
{
    static const struct {
        ql_closed_cause cause;
        ql_finding_code code;
    } told[] = { { QL_CLOSED_NO_SECRET, QL_FINDING_SECRETS_MISSING },
                 { QL_CLOSED_NO_LEVEL, QL_FINDING_SECRETS_PARTIAL },
                 { QL_CLOSED_WAITING, QL_FINDING_CAPTURE_START_MISSING } };
    for (unsigned i = 0; i < G_N_ELEMENTS(told); i++) {
        if (c->told_cause[told[i].cause])
            ql_journal_withdraw(c->context.journal, c->facts.number, told[i].code);
        c->told_cause[told[i].cause] = false;
    }
    if (c->told_wrong)
        ql_journal_withdraw(c->context.journal, c->facts.number, QL_FINDING_SECRETS_WRONG);
    c->told_wrong = false;
}

void ql_connection_on_passed_over(ql_connection *c, unsigned count)
{
    ql_journal_find(c->context.journal, c->facts.number, c->facts.last.frame,
                    QL_FINDING_LIMIT_REACHED,
                    "%u packets came so long before their secrets that they were not kept", count);
}

void ql_connection_finish(ql_connection *c)
{
    if (c->facts.closed[QL_CLOSED_WAITING] > 0 && !c->told_cause[QL_CLOSED_WAITING]) {
        c->told_cause[QL_CLOSED_WAITING] = true;
        ql_journal_find(c->context.journal, c->facts.number, c->facts.first.frame,
                        QL_FINDING_CAPTURE_START_MISSING,
                        "the ClientHello was not captured whole, so that its session is not found "
                        "in the log");
    }
    ql_connection_check_end(c);
    ql_streams_finish(c->streams, &c->facts.last);
}

const ql_connection_facts *ql_connection_facts_of(const ql_connection *c)
{
    return &c->facts;
}

const GPtrArray *ql_connection_cids(const ql_connection *c, ql_side issuer)
{
    return ql_cid_ledger_entries(c->cids[issuer]);
}

const GPtrArray *ql_connection_paths(const ql_connection *c)
{
    return ql_path_table_paths(c->paths);
}

const ql_streams *ql_connection_streams(const ql_connection *c)
{
    return c->streams;
}

const char *ql_secrets_state_name(ql_secrets_state state)
{
    static const char *const names[] = {
        [QL_SECRETS_NOT_NEEDED] = "not-needed",
        [QL_SECRETS_AVAILABLE] = "available",
        [QL_SECRETS_PARTIAL] = "partial",
        [QL_SECRETS_MISSING] = "missing",
    };
    return state < G_N_ELEMENTS(names) ? names[state] : "unknown";
}
