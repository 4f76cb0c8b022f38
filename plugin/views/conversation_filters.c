/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversation Filter > "This HTTP/3 exchange" and "This QUIC connection", in the context menu of a
 * packet and in the menu Analyze. */
#include "views/frame_subject.h"
#include "views/view.h"

#include "wireshark/live_model.h"

static const ql_event *events_of(const packet_info *pinfo)
{
    const ql_session *session = ql_live_model_session();
    return session != NULL ? ql_session_events(session, pinfo->num) : NULL;
}

static ql_filter_valid has_exchange(QL_FILTER_ARGUMENTS)
{
    const ql_exchange *exchange = ql_frame_exchange(events_of(pinfo));
    return exchange != NULL && exchange->stream_id != QL_NO_STREAM;
}

static char *exchange_filter(QL_FILTER_ARGUMENTS)
{
    const ql_exchange *exchange = ql_frame_exchange(events_of(pinfo));
    return ql_filter_of_exchange(exchange);
}

static ql_filter_valid has_connection(QL_FILTER_ARGUMENTS)
{
    return ql_frame_connection(events_of(pinfo)) != NULL;
}

static char *connection_filter(QL_FILTER_ARGUMENTS)
{
    const ql_connection *connection = ql_frame_connection(events_of(pinfo));
    return ql_filter_of_connection(ql_connection_facts_of(connection)->number);
}

static void register_filters(int protocol)
{
    (void)protocol;
    ql_register_conversation_filter("quiclens", "This HTTP/3 exchange", has_exchange,
                                    exchange_filter);
    ql_register_conversation_filter("quiclens", "This QUIC connection", has_connection,
                                    connection_filter);
}

const ql_view ql_view_conversation_filters = { "conversation-filters", register_filters, NULL,
                                               false };
