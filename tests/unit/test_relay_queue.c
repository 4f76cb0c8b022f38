/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_queue.h"

#include <glib.h>

#define MS 1000000u

static ql_relay_queue *make(uint64_t bandwidth, uint64_t packets, uint64_t delay_ns)
{
    ql_relay_rules rules = { .bandwidth = bandwidth, .queue = packets, .delay_ns = delay_ns };
    return ql_relay_queue_new(&rules, g_free);
}

static ql_relay_admission push(ql_relay_queue *queue, int item, size_t bytes, uint64_t now)
{
    int *kept = g_memdup2(&item, sizeof item);
    ql_relay_parcel parcel = { .item = kept, .wire_length = bytes };
    ql_relay_admission admission = ql_relay_queue_push(queue, &parcel, now, NULL);
    if (admission != QL_RELAY_ADMITTED)
        g_free(kept);
    return admission;
}

static void push_extra(ql_relay_queue *queue, int item, uint64_t extra, bool overtaken)
{
    ql_relay_parcel parcel = { g_memdup2(&item, sizeof item), 1000, extra, overtaken };
    g_assert_cmpint(ql_relay_queue_push(queue, &parcel, 0, NULL), ==, QL_RELAY_ADMITTED);
}

/* -1: nothing has arrived. */
static int pop(ql_relay_queue *queue, uint64_t now)
{
    g_autofree int *item = ql_relay_queue_pop(queue, now);
    return item != NULL ? *item : -1;
}

static void test_without_rules_a_packet_arrives_at_once(void)
{
    ql_relay_queue *queue = make(0, 0, 0);
    g_assert_cmpuint(ql_relay_queue_due(queue), ==, QL_RELAY_NEVER);
    push(queue, 1, 1000, 5);
    push(queue, 2, 1000, 5);
    g_assert_cmpint(pop(queue, 5), ==, 1);
    g_assert_cmpint(pop(queue, 5), ==, 2);
    g_assert_cmpint(pop(queue, UINT64_MAX), ==, -1);
    ql_relay_queue_free(queue);
}

static void test_bandwidth_and_delay_add_up(void)
{
    ql_relay_queue *queue = make(10000000, 25, 15 * MS); /* 1,250 bytes take 1 ms */
    push(queue, 1, 1250, 0);
    push(queue, 2, 1250, 0);
    g_assert_cmpuint(ql_relay_queue_due(queue), ==, 16 * MS);
    g_assert_cmpint(pop(queue, 16 * MS - 1), ==, -1);
    g_assert_cmpint(pop(queue, 16 * MS), ==, 1);
    g_assert_cmpuint(ql_relay_queue_due(queue), ==, 17 * MS);
    ql_relay_queue_free(queue);
}

static void test_the_queue_holds_those_that_wait_and_not_those_that_travel(void)
{
    ql_relay_queue *queue = make(10000000, 2, 750 * MS);
    for (int i = 1; i <= 3; i++) /* one is being sent, two wait */
        g_assert_cmpint(push(queue, i, 1250, 0), ==, QL_RELAY_ADMITTED);
    g_assert_cmpint(push(queue, 4, 1250, 0), ==, QL_RELAY_QUEUE_FULL);
    g_assert_cmpint(push(queue, 5, 1250, 1 * MS), ==, QL_RELAY_ADMITTED);
    g_assert_cmpint(push(queue, 6, 1250, 1 * MS), ==, QL_RELAY_QUEUE_FULL);
    for (int i = 0; i < 100; i++) /* far more than two travel */
        g_assert_cmpint(push(queue, 7, 1250, (uint64_t)(10 + i) * MS), ==, QL_RELAY_ADMITTED);
    ql_relay_queue_free(queue);
}

static void test_what_is_lost_uses_the_bandwidth(void)
{
    ql_relay_queue *queue = make(10000000, 25, 0);
    ql_relay_parcel lost = { .item = NULL, .wire_length = 1250 };
    g_assert_cmpint(ql_relay_queue_push(queue, &lost, 0, NULL), ==, QL_RELAY_ADMITTED);
    g_assert_cmpuint(ql_relay_queue_due(queue), ==, QL_RELAY_NEVER);
    push(queue, 1, 1250, 0);
    g_assert_cmpuint(ql_relay_queue_due(queue), ==, 2 * MS);
    ql_relay_queue_free(queue);
}

static void test_jitter_keeps_the_order(void)
{
    ql_relay_queue *queue = make(0, 0, 10 * MS);
    push_extra(queue, 1, 5 * MS, false);
    push_extra(queue, 2, 0, false);
    g_assert_cmpint(pop(queue, 10 * MS), ==, -1);
    g_assert_cmpint(pop(queue, 15 * MS), ==, 1);
    g_assert_cmpint(pop(queue, 15 * MS), ==, 2);
    ql_relay_queue_free(queue);
}

static void test_a_reordered_packet_is_overtaken(void)
{
    ql_relay_queue *queue = make(0, 0, 10 * MS);
    push_extra(queue, 1, 5 * MS, true);
    push_extra(queue, 2, 0, false);
    g_assert_cmpint(pop(queue, 10 * MS), ==, 2);
    g_assert_cmpint(pop(queue, 14 * MS), ==, -1);
    g_assert_cmpint(pop(queue, 15 * MS), ==, 1);
    ql_relay_queue_free(queue);
}

static void test_thousands_arrive_in_the_order_of_their_times(void)
{
    ql_relay_queue *queue = make(0, 0, 0);
    uint64_t x = 1;
    for (int i = 0; i < 5000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        push_extra(queue, (int)(x >> 48), x >> 48, true);
    }
    int last = -1;
    for (int i = 0; i < 5000; i++) {
        uint64_t due = ql_relay_queue_due(queue);
        int item = pop(queue, due);
        g_assert_cmpint(item, ==, (int)due);
        g_assert_cmpint(item, >=, last);
        last = item;
    }
    g_assert_cmpint(pop(queue, UINT64_MAX), ==, -1);
    ql_relay_queue_free(queue);
}

static void test_a_queue_of_none_takes_what_can_be_sent_at_once(void)
{
    ql_relay_queue *queue = make(10000000, 0, 0);
    g_assert_cmpint(push(queue, 1, 1250, 0), ==, QL_RELAY_ADMITTED);
    g_assert_cmpint(push(queue, 2, 1250, MS / 2), ==, QL_RELAY_QUEUE_FULL);
    g_assert_cmpint(push(queue, 3, 1250, MS), ==, QL_RELAY_ADMITTED);
    ql_relay_queue_free(queue);
}

static void test_what_travels_has_a_limit(void)
{
    ql_relay_queue *queue = make(0, 0, 1000 * MS);
    for (guint i = 0; i < QL_RELAY_TRAVELLING_MAX; i++)
        g_assert_cmpint(push(queue, 1, 100, 0), ==, QL_RELAY_ADMITTED);
    g_assert_cmpint(push(queue, 1, 100, 0), ==, QL_RELAY_TRAVEL_FULL);
    g_assert_cmpint(pop(queue, 1000 * MS), ==, 1);
    g_assert_cmpint(push(queue, 1, 100, 1000 * MS), ==, QL_RELAY_ADMITTED);
    ql_relay_queue_free(queue);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay_queue/without_rules_a_packet_arrives_at_once",
                    test_without_rules_a_packet_arrives_at_once);
    g_test_add_func("/relay_queue/bandwidth_and_delay_add_up", test_bandwidth_and_delay_add_up);
    g_test_add_func("/relay_queue/the_queue_holds_those_that_wait_and_not_those_that_travel",
                    test_the_queue_holds_those_that_wait_and_not_those_that_travel);
    g_test_add_func("/relay_queue/what_is_lost_uses_the_bandwidth",
                    test_what_is_lost_uses_the_bandwidth);
    g_test_add_func("/relay_queue/jitter_keeps_the_order", test_jitter_keeps_the_order);
    g_test_add_func("/relay_queue/a_reordered_packet_is_overtaken",
                    test_a_reordered_packet_is_overtaken);
    g_test_add_func("/relay_queue/thousands_arrive_in_the_order_of_their_times",
                    test_thousands_arrive_in_the_order_of_their_times);
    g_test_add_func("/relay_queue/a_queue_of_none_takes_what_can_be_sent_at_once",
                    test_a_queue_of_none_takes_what_can_be_sent_at_once);
    g_test_add_func("/relay_queue/what_travels_has_a_limit", test_what_travels_has_a_limit);
    return g_test_run();
}
