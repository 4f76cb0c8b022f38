/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/story_parts.h"

#include "model/connection.h"
#include "model/http3_error.h"
#include "reports/text.h"

#include <inttypes.h>

void ql_story_of_packet(ql_story *story, const ql_packet_event *event)
{
    if (event->key_update)
        ql_story_say(story, QL_NOTE_FACT, "RFC 9001, 6",
                     "The %s changes to the next keys: the key phase bit is now %d",
                     ql_side_name(event->sender), event->key_phase);
}

/* Whether the frame tells of the end of a message: a reset of its stream is told as that. */
static bool tells_an_end(const ql_story *story)
{
    const ql_event *event = story->events;
    while (event != NULL && event->kind != QL_EVENT_END)
        event = event->next;
    return event != NULL;
}

static char *error_text(const ql_story *story, uint64_t error)
{
    for (const ql_event *event = story->events; event != NULL; event = event->next)
        if (event->kind == QL_EVENT_PACKET && event->packet.connection != NULL &&
            ql_streams_are_http3(ql_connection_streams(event->packet.connection)))
            return ql_http3_error_text(error);
    return g_strdup_printf("0x%" PRIx64, error);
}

/* The others have a sentence of their own, or are of no interest but in the details. */
void ql_story_of_signal(ql_story *story, const ql_signal_event *event)
{
    if (!g_str_has_prefix(event->frame, "RESET_STREAM") || tells_an_end(story))
        return;
    char *error = error_text(story, event->value);
    ql_story_say(story, QL_NOTE_FACT, "RFC 9000, 3.1",
                 "The %s breaks off its side of stream %" PRIu64 ": %s",
                 ql_side_name(event->sender), event->id, error);
    g_free(error);
}

typedef struct purpose {
    const char *text, *rfc;
} purpose;

/* What a packet of this type is for, where its frames say nothing that is worth a sentence. */
static const purpose purposes[QL_PACKET_TYPE_COUNT] = {
    [QL_PACKET_INITIAL] = { "part of the TLS handshake, under keys that anybody can work out from "
                            "the client's first connection ID",
                            "RFC 9001, 5.2" },
    [QL_PACKET_ZERO_RTT] = { "early data, sent before the server has answered", "RFC 9001, 4.6" },
    [QL_PACKET_HANDSHAKE] = { "the encrypted part of the TLS handshake", "RFC 9001, 4" },
    [QL_PACKET_RETRY] = { "begin again, with this token, to prove your address",
                          "RFC 9000, 8.1.2" },
    [QL_PACKET_VERSION_NEGOTIATION] = { "begin again, with one of these versions",
                                        "RFC 9000, 6.1" },
};

static purpose purpose_of(const ql_packet_event *packet)
{
    if (packet->type != QL_PACKET_ONE_RTT)
        return purposes[packet->type];
    if (packet->probes_mtu)
        return (purpose){ "PING and padding, to learn whether the path carries datagrams of this "
                          "size",
                          "RFC 9000, 14.4" };
    if (packet->pings)
        return (purpose){ "PING, which only asks for an acknowledgement", "RFC 9000, 19.2" };
    if (packet->raises_limits)
        return (purpose){ packet->acknowledges ? "acknowledgements and flow control"
                                               : "flow control",
                          "RFC 9000, 4.1" };
    if (packet->acknowledges)
        return (purpose){ "acknowledgements", "RFC 9000, 13.2" };
    return (purpose){ "nothing that needs an answer", NULL };
}

static void closed_alone(ql_story *story, const ql_packet_event *event)
{
    ql_story_say(story, QL_NOTE_PACKET, NULL, "%s packet of the %s that stays closed: %s",
                 ql_packet_type_name(event->type), ql_side_name(event->sender),
                 ql_closed_cause_text(event->closed));
}

static void say_purpose(ql_story *story, const ql_packet_event *packet)
{
    purpose what = purpose_of(packet);
    char *size = packet->probes_mtu ? ql_text_bytes(packet->size) : NULL;
    ql_story_say(story, QL_NOTE_PACKET, what.rfc, "%s packet of the %s%s%s: %s",
                 ql_packet_type_name(packet->type), ql_side_name(packet->sender),
                 size != NULL ? " of " : "", size != NULL ? size : "", what.text);
    g_free(size);
}

void ql_story_of_packets_alone(ql_story *story)
{
    unsigned told = 0; /* bits by packet type: each is explained once */
    for (const ql_event *event = story->events; event != NULL; event = event->next) {
        const ql_packet_event *packet = &event->packet;
        if (event->kind != QL_EVENT_PACKET || (told & 1u << packet->type) != 0)
            continue;
        told |= 1u << packet->type;
        if (packet->closed != QL_OPENED)
            closed_alone(story, packet);
        else if (packet->duplicate)
            ql_story_say(story, QL_NOTE_PACKET, NULL,
                         "The same %s packet of the %s was captured before",
                         ql_packet_type_name(packet->type), ql_side_name(packet->sender));
        else
            say_purpose(story, packet);
    }
}
