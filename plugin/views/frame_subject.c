/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/frame_subject.h"

#include <inttypes.h>
#include <string.h>

static const ql_streams *streams_of(const ql_event *events)
{
    const ql_connection *connection = ql_frame_connection(events);
    return connection != NULL ? ql_connection_streams(connection) : NULL;
}

const ql_exchange *ql_signal_exchange(const ql_event *events, const ql_signal_event *signal)
{
    const ql_streams *streams = streams_of(events);
    if (streams != NULL && signal->push)
        return ql_streams_find_push(streams, signal->id);
    const ql_stream_facts *stream = ql_signal_stream(events, signal);
    return stream != NULL ? stream->exchange : NULL;
}

const ql_stream_facts *ql_signal_stream(const ql_event *events, const ql_signal_event *signal)
{
    const ql_streams *streams = streams_of(events);
    uint64_t id = signal->id;
    if (streams != NULL && signal->push) {
        const ql_exchange *exchange = ql_streams_find_push(streams, signal->id);
        id = exchange != NULL ? exchange->stream_id : QL_NO_STREAM;
    }
    return streams != NULL && id != QL_NO_STREAM ? ql_streams_find(streams, id) : NULL;
}

const ql_exchange *ql_frame_exchange(const ql_event *events)
{
    const ql_exchange *of_piece = NULL;
    for (const ql_event *event = events; event != NULL; event = event->next) {
        if (event->kind == QL_EVENT_SECTION)
            return event->section.exchange;
        if (event->kind == QL_EVENT_END)
            return event->end.exchange;
        if (event->kind == QL_EVENT_STREAM && of_piece == NULL)
            of_piece = event->stream.stream->exchange;
        if (event->kind == QL_EVENT_SIGNAL && of_piece == NULL)
            of_piece = ql_signal_exchange(events, &event->signal);
    }
    return of_piece;
}

const ql_connection *ql_frame_connection(const ql_event *events)
{
    for (const ql_event *event = events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_PACKET)
            return event->packet.connection;
    return NULL;
}

char *ql_filter_of_connection(uint32_t connection)
{
    return g_strdup_printf("quiclens.connection == %u", connection);
}

char *ql_filter_of_stream(uint32_t connection, uint64_t stream)
{
    return g_strdup_printf("quiclens.connection == %u and quiclens.stream.id == %" PRIu64,
                           connection, stream);
}

char *ql_filter_of_exchange(const ql_exchange *exchange)
{
    if (exchange->method == NULL || strcmp(exchange->method, "CONNECT") != 0)
        return ql_filter_of_stream(exchange->connection, exchange->stream_id);
    return g_strdup_printf("quiclens.connection == %u and (quiclens.stream.id == %" PRIu64
                           " or quiclens.stream.session == %" PRIu64 ")",
                           exchange->connection, exchange->stream_id, exchange->stream_id);
}
