/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_link.h"

#include "assert_bytes.h"

#include <string.h>

#define MS 1000000u

typedef struct line {
    ql_relay_scenario scenario;
    ql_relay_link *link;
    unsigned references; /* as an owner of packets */
} line;

static void *add_reference(void *owner)
{
    (*(unsigned *)owner)++;
    return owner;
}

static void drop_reference(void *owner)
{
    (*(unsigned *)owner)--;
}

static void begin(line *l, const char *scenario)
{
    static const ql_relay_ownership ownership = { add_reference, drop_reference };
    g_autoptr(GError) error = NULL;
    *l = (line){ .references = 0 };
    ql_relay_scenario_init(&l->scenario, 1);
    ql_relay_scenario_parse(&l->scenario, scenario, &error);
    g_assert_no_error(error);
    l->link = ql_relay_link_new(&l->scenario, QL_RELAY_SERVER, false, &ownership);
}

static void end(line *l)
{
    ql_relay_link_free(l->link);
    g_assert_cmpuint(l->references, ==, 0);
}

static ql_relay_story put(line *l, const char *content, uint64_t now_ns)
{
    const ql_udp_datagram datagram = {
        .data = (const uint8_t *)content, .length = strlen(content), .ecn = 1, .ttl = 9
    };
    return ql_relay_link_put(l->link, &datagram, &l->references, 0, now_ns);
}

static void assert_comes_out(line *l, uint64_t now_ns, const char *content, const char *comment)
{
    ql_relay_packet *packet = ql_relay_link_take(l->link, now_ns);
    if (content == NULL) {
        g_assert_null(packet);
        return;
    }
    g_assert_nonnull(packet);
    assert_bytes(packet->datagram.data, packet->datagram.length, content, strlen(content));
    g_assert_cmpuint(packet->datagram.ecn, ==, 1);
    g_assert_cmpuint(packet->datagram.ttl, ==, 9);
    g_assert_true(packet->owner == &l->references);
    g_assert_cmpstr(packet->comment, ==, comment);
    ql_relay_packet_free(l->link, packet);
}

static void test_it_comes_out_after_the_delay(void)
{
    line l;
    begin(&l, "delay=5ms");
    ql_relay_story story = put(&l, "a", 2 * MS);
    g_assert_false(story.lost);
    g_assert_cmpuint(story.count, ==, 0);
    g_assert_cmpuint(story.due_ns, ==, 7 * MS);
    g_assert_cmpuint(ql_relay_link_due(l.link), ==, 7 * MS);
    assert_comes_out(&l, 7 * MS - 1, NULL, NULL);
    assert_comes_out(&l, 7 * MS, "a", NULL);
    g_assert_cmpuint(ql_relay_link_packets(l.link), ==, 1);
    end(&l);
}

static void test_what_is_lost_says_why(void)
{
    line l;
    begin(&l, "drop=server:1");
    ql_relay_story first = put(&l, "a", 0), second = put(&l, "b", 0);
    ql_relay_story third = ql_relay_link_lose(l.link, 1, QL_RELAY_CAUSE_BINDING, 0, 0);
    g_autofree char *text = ql_relay_story_to_text(&first);
    g_autofree char *late = ql_relay_story_to_text(&third);
    g_assert_true(first.lost && third.lost && !second.lost);
    g_assert_cmpstr(text, ==, "server packet 1: dropped (its number is on the list)");
    g_assert_cmpstr(late, ==, "server packet 3: dropped (it came to an old binding)");
    g_assert_null(ql_relay_story_to_text(&second));
    assert_comes_out(&l, 0, "b", NULL);
    assert_comes_out(&l, 0, NULL, NULL);
    end(&l);
}

static void test_twice_with_the_same_comment(void)
{
    line l;
    begin(&l, "duplicate-rate=100");
    put(&l, "a", 0);
    g_assert_cmpuint(l.references, ==, 2);
    assert_comes_out(&l, 0, "a", "server packet 1: duplicated");
    assert_comes_out(&l, 0, "a", "server packet 1: duplicated");
    end(&l);
}

static void test_what_is_on_its_way_at_the_end_is_freed(void)
{
    line l;
    begin(&l, "delay=1s");
    put(&l, "a", 0);
    put(&l, "b", 0);
    g_assert_cmpuint(l.references, ==, 2);
    end(&l);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_link/it comes out after the delay", test_it_comes_out_after_the_delay);
    g_test_add_func("/relay_link/what is lost says why", test_what_is_lost_says_why);
    g_test_add_func("/relay_link/it comes out twice with the same comment",
                    test_twice_with_the_same_comment);
    g_test_add_func("/relay_link/what is on its way at the end is freed",
                    test_what_is_on_its_way_at_the_end_is_freed);
    return g_test_run();
}
