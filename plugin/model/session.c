/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/session_state.h"

#include "model/segments.h"

/* In all, for connections that have no start: some seconds of work at the worst. */
#define ADOPTION_BUDGET 4000000u

static void free_connection(gpointer data)
{
    ql_connection_free(data);
}

ql_session *ql_session_new(void)
{
    ql_session *session = g_new0(ql_session, 1);
    session->journal = ql_journal_new();
    session->router = ql_router_new();
    session->log = ql_secrets_log_new();
    session->connections = g_ptr_array_new_with_free_func(free_connection);
    session->waiting = ql_waiting_new();
    session->strays = ql_strays_new();
    session->lobby = ql_lobby_new();
    session->plaintexts = ql_plaintexts_new();
    session->adoption_budget = ADOPTION_BUDGET;
    session->bodies.hashes = true;
    return session;
}

void ql_session_keep_bodies(ql_session *session, uint64_t cap)
{
    session->bodies.cap = cap;
}

void ql_session_hash_bodies(ql_session *session, bool wanted)
{
    session->bodies.hashes = wanted;
}

void ql_session_keep_plaintexts(ql_session *session, uint64_t cap, ql_plaintext_at_hand at_hand,
                                void *user)
{
    ql_plaintexts_keep(session->plaintexts, cap, at_hand, user);
}

void ql_session_free(ql_session *session)
{
    if (session == NULL)
        return;
    ql_waiting_free(session->waiting);
    ql_strays_free(session->strays);
    ql_lobby_free(session->lobby);
    ql_plaintexts_free(session->plaintexts);
    g_ptr_array_free(session->connections, TRUE);
    ql_router_free(session->router);
    ql_secrets_log_free(session->log);
    ql_journal_free(session->journal);
    g_free(session);
}

/* The connection's address pair is known now, and what was captured ahead may be of it. */
static void take_strays(ql_session *session, ql_connection *connection, const ql_datagram *datagram)
{
    ql_strays_forget(session->strays, datagram);
    GQueue *packets = ql_lobby_take(session->lobby, datagram);
    if (packets == NULL)
        return;
    ql_waiting_put_back(session->waiting, connection, packets);
    g_queue_free(packets);
}

ql_connection *ql_session_begin_connection(ql_session *session, const ql_datagram *datagram,
                                           ql_side sender, uint32_t version)
{
    if (session->connections->len >= QL_CONNECTIONS_MAX) {
        if (!session->told_full)
            ql_journal_find(
                session->journal, QL_NO_CONNECTION, datagram->where.frame, QL_FINDING_LIMIT_REACHED,
                "more than %u connections: further ones are passed over", QL_CONNECTIONS_MAX);
        session->told_full = true;
        return NULL;
    }
    ql_connection_context context = { session->journal, session->router, session->log,
                                      &session->bodies };
    ql_connection *connection =
        ql_connection_new(&context, session->connections->len, datagram, sender, version);
    g_ptr_array_add(session->connections, connection);
    take_strays(session, connection, datagram);
    return connection;
}

/* What is still closed goes back into the line. */
static void try_again(ql_session *session, ql_waiting_packet *packet, GQueue *still)
{
    bool stray = packet->event == NULL;
    ql_opening o = {
        .session = session,
        .datagram = &packet->datagram,
        .origin = packet->origin,
        .datagram_size = packet->datagram_size,
        .again = packet,
    };
    ql_opener_run(&o);
    if (stray && o.owner != NULL) {
        if (!packet->part)
            ql_connection_on_datagram(o.owner, &packet->datagram, o.sender);
        take_strays(session, o.owner, &packet->datagram);
    }
    if (stray ? o.owner == NULL : packet->event != NULL)
        g_queue_push_tail(still, packet);
    else
        ql_waiting_packet_free(packet);
}

static bool any_counted(const GQueue *packets)
{
    for (const GList *link = packets->head; link != NULL; link = link->next)
        if (((const ql_waiting_packet *)link->data)->event != NULL)
            return true;
    return false;
}

/* Of strays alone those that are not its own. */
static void drop_others(const ql_connection *connection, GQueue *strays)
{
    for (guint left = g_queue_get_length(strays); left > 0; left--) {
        ql_waiting_packet *packet = g_queue_pop_head(strays);
        if (ql_connection_may_open_stray(connection, &packet->datagram))
            g_queue_push_tail(strays, packet);
        else
            ql_waiting_packet_free(packet);
    }
}

static void flush_once(ql_session *session, ql_connection *connection)
{
    unsigned passed_over;
    GQueue *packets = ql_waiting_take(session->waiting, connection, &passed_over);
    if (packets == NULL)
        return;
    ql_connection_retell_causes(connection);
    GQueue still = G_QUEUE_INIT;
    ql_waiting_packet *packet;
    while ((packet = g_queue_pop_head(packets)) != NULL)
        try_again(session, packet, &still);
    g_queue_free(packets);
    if (passed_over > 0)
        ql_connection_on_passed_over(connection, passed_over);
    if (!any_counted(&still) && !ql_connection_may_open_more(connection))
        drop_others(connection, &still);
    if (!g_queue_is_empty(&still) || ql_connection_may_open_more(connection))
        ql_waiting_put_back(session->waiting, connection, &still);
}

/* A packet that opens may tell what opens those ahead of it: the client random, or the numbers of a
 * space. Each is news once, so that this comes to an end. */
void ql_session_flush(ql_session *session, ql_connection *connection)
{
    do
        flush_once(session, connection);
    while (ql_connection_take_news(connection) && ql_waiting_has(session->waiting, connection));
}

void ql_session_add_secrets(ql_session *session, ql_slice text)
{
    if (ql_secrets_log_add(session->log, text) == 0)
        return;
    GList *connections = ql_waiting_connections(session->waiting);
    for (GList *item = connections; item != NULL; item = item->next)
        if (ql_connection_learn_secrets(item->data))
            ql_session_flush(session, item->data);
    g_list_free(connections);
}

bool ql_session_add_datagram(ql_session *session, const ql_datagram *datagram)
{
    if (datagram->payload.length == 0 || datagram->payload.length > sizeof session->scratch)
        return false;
    session->last_time_ns = datagram->where.time_ns;
    ql_opening o = { .session = session,
                     .datagram = datagram,
                     .datagram_size = ql_segments_datagram_size(datagram) };
    ql_opener_run(&o);
    if (o.owner == NULL)
        return false;
    ql_connection_on_datagram(o.owner, datagram, o.sender);
    if (ql_connection_take_news(o.owner) && ql_waiting_has(session->waiting, o.owner))
        ql_session_flush(session, o.owner);
    return true;
}

bool ql_session_waits_for_secrets(const ql_session *session)
{
    return ql_waiting_any(session->waiting);
}

void ql_session_finish(ql_session *session)
{
    for (guint i = 0; i < session->connections->len; i++)
        ql_connection_finish(g_ptr_array_index(session->connections, i));
    ql_strays_tell(session->strays, session->journal, ql_secrets_log_count(session->log));
}

unsigned ql_session_connection_count(const ql_session *session)
{
    return session->connections->len;
}

const ql_connection *ql_session_connection(const ql_session *session, unsigned number)
{
    return g_ptr_array_index(session->connections, number);
}

const ql_event *ql_session_events(const ql_session *session, uint32_t frame)
{
    return ql_journal_first(session->journal, frame);
}

bool ql_session_plaintext(const ql_session *session, const ql_packet_event *event, ql_slice *out)
{
    return ql_plaintexts_find(session->plaintexts, event, out);
}

const GPtrArray *ql_session_findings(const ql_session *session)
{
    return ql_journal_findings(session->journal);
}
