/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/capsules.h"

#include <inttypes.h>
#include <string.h>

/* A capsule has the format of a frame: type, length, value. */
struct ql_capsules {
    ql_http3_parser parser;
};

bool ql_capsules_are_used(const ql_exchange *exchange)
{
    static const char *const protocols[] = { "webtransport", "connect-udp", "connect-ip" };
    const char *protocol = ql_section_value(exchange->request.headers, ":protocol");
    const char *said = ql_section_value(exchange->request.headers, "capsule-protocol");
    if (protocol == NULL)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        if (strcmp(protocol, protocols[i]) == 0)
            return true;
    return said != NULL && g_str_has_prefix(said, "?1");
}

ql_capsules *ql_capsules_new(void)
{
    ql_capsules *capsules = g_new0(ql_capsules, 1);
    ql_http3_parser_init(&capsules->parser);
    return capsules;
}

void ql_capsules_free(ql_capsules *capsules)
{
    if (capsules == NULL)
        return;
    ql_http3_parser_clear(&capsules->parser);
    g_free(capsules);
}

bool ql_capsules_are_whole(const ql_capsules *capsules)
{
    return ql_http3_parser_is_between_frames(&capsules->parser);
}

const char *ql_capsule_type_name(uint64_t type)
{
    static const struct {
        uint64_t type;
        const char *name;
    } names[] = {
        { 0x00, "DATAGRAM" },
        { 0x01, "ADDRESS_ASSIGN" },
        { 0x02, "ADDRESS_REQUEST" },
        { 0x03, "ROUTE_ADVERTISEMENT" },
        { 0x2843, "WT_CLOSE_SESSION" },
        { 0x78ae, "WT_DRAIN_SESSION" },
        { 0x190b4d3d, "WT_MAX_DATA" },
        { 0x190b4d3f, "WT_MAX_STREAMS (bidirectional)" },
        { 0x190b4d40, "WT_MAX_STREAMS (unidirectional)" },
        { 0x190b4d41, "WT_DATA_BLOCKED" },
        { 0x190b4d43, "WT_STREAMS_BLOCKED (bidirectional)" },
        { 0x190b4d44, "WT_STREAMS_BLOCKED (unidirectional)" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].type == type)
            return names[i].name;
    return NULL;
}

void ql_capsules_push(ql_capsules *capsules, ql_slice content, ql_journal *journal, uint32_t frame,
                      uint64_t stream_id)
{
    ql_http3_item item;
    do {
        item = ql_http3_parser_next(&capsules->parser, &content);
        if (item.kind != QL_HTTP3_BEGIN)
            continue;
        const char *name = ql_capsule_type_name(item.type);
        ql_journal_say(journal, frame, "RFC 9297, 3.2",
                       "capsule %s (type 0x%" PRIx64 ") of %" PRIu64 " byte%s on stream %" PRIu64,
                       name == NULL ? "of unknown meaning" : name, item.type, item.length,
                       item.length == 1 ? "" : "s", stream_id);
    } while (item.kind != QL_HTTP3_MORE);
}
