/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "views/frame_subject.h"

#include <inttypes.h>

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
