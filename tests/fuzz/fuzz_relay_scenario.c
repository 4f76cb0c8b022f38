/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario of anybody's: one that is refused changes nothing, one that is taken can be carried
 * out, and does the same again. */
#include "relay_link.h"

#include <string.h>

#define PACKETS 40u

/* libFuzzer calls it with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What happens to some packets of one side, as text. */
static char *carry_out(const ql_relay_scenario *scenario, ql_relay_side sender)
{
    static const ql_relay_ownership nobody = { NULL, NULL };
    static const uint8_t content[60] = { 0x40 };
    ql_relay_link *link = ql_relay_link_new(scenario, sender, false, &nobody);
    GString *text = g_string_new(NULL);
    for (uint64_t i = 0; i < PACKETS; i++) {
        const ql_udp_datagram datagram = { .data = content, .length = sizeof content - i };
        ql_relay_story story = ql_relay_link_put(link, &datagram, NULL, 0, i * 1000000);
        g_autofree char *told = ql_relay_story_to_text(&story);
        g_assert(story.number == i + 1);
        g_assert(story.lost || story.due_ns >= i * 1000000);
        g_string_append_printf(text, "%s\n", told != NULL ? told : "");
        ql_relay_packet *packet = ql_relay_link_take(link, i * 1000000);
        if (packet != NULL) {
            g_assert(packet->datagram.length <= sizeof content);
            ql_relay_packet_free(link, packet);
        }
    }
    ql_relay_link_free(link);
    return g_string_free(text, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree ql_relay_scenario *before = g_new0(ql_relay_scenario, 1);
    ql_relay_scenario_init(before, 1);
    g_autofree ql_relay_scenario *scenario = g_memdup2(before, sizeof *before);
    if (!ql_relay_scenario_parse(scenario, text, &error)) {
        g_assert(error != NULL && memcmp(before, scenario, sizeof *before) == 0);
        return 0;
    }
    for (int side = 0; side < QL_RELAY_SIDES; side++) {
        g_autofree char *first = carry_out(scenario, (ql_relay_side)side);
        g_autofree char *second = carry_out(scenario, (ql_relay_side)side);
        g_assert(strcmp(first, second) == 0);
    }
    uint64_t last = 0;
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t time = ql_relay_scenario_rebind_time(scenario, i);
        g_assert(time >= last);
        last = time;
    }
    return 0;
}
