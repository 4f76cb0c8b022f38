/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/packet_numbers.h"

/* Both ends belong to it. Runs are kept in ascending order, with gaps between them. */
typedef struct run {
    uint64_t first, last;
} run;

void ql_packet_numbers_clear(ql_packet_numbers *numbers)
{
    if (numbers->runs != NULL)
        g_array_free(numbers->runs, TRUE);
    *numbers = (ql_packet_numbers){ 0 };
}

static uint64_t nearest(uint64_t expected, uint32_t truncated, uint8_t length)
{
    uint64_t window = UINT64_C(1) << (length * 8), half = window / 2;
    uint64_t candidate = (expected & ~(window - 1)) | truncated;
    if (candidate + half <= expected && candidate < (UINT64_C(1) << 62) - window)
        return candidate + window;
    if (candidate > expected + half && candidate >= window)
        return candidate - window;
    return candidate;
}

uint64_t ql_packet_number_decode(const ql_packet_numbers *numbers, uint32_t truncated,
                                 uint8_t length)
{
    return nearest(numbers->any ? numbers->largest + 1 : 0, truncated, length);
}

unsigned ql_packet_number_guess(const ql_packet_numbers *numbers, uint32_t truncated,
                                uint8_t length, uint64_t out[2])
{
    out[0] = ql_packet_number_decode(numbers, truncated, length);
    if (!numbers->any_acked || (numbers->any && numbers->acked <= numbers->largest))
        return 1;
    out[1] = nearest(numbers->acked + 1, truncated, length);
    return out[1] != out[0] ? 2 : 1;
}

bool ql_packet_numbers_ack(ql_packet_numbers *numbers, uint64_t number)
{
    bool news = !numbers->any && !numbers->any_acked;
    numbers->acked = numbers->any_acked ? MAX(numbers->acked, number) : number;
    numbers->any_acked = true;
    return news;
}

/* Index of the first run that ends at `number` or behind it. */
static guint run_at(const GArray *runs, uint64_t number)
{
    guint low = 0, high = runs->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(runs, run, middle).last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(GArray *runs, guint at, uint64_t number)
{
    run *next = at < runs->len ? &g_array_index(runs, run, at) : NULL;
    run *before = at > 0 ? &g_array_index(runs, run, at - 1) : NULL;
    bool joins_before = before != NULL && before->last + 1 == number;
    bool joins_next = next != NULL && number + 1 == next->first;
    if (joins_before && joins_next) {
        before->last = next->last;
        g_array_remove_index(runs, at);
    } else if (joins_before) {
        before->last = number;
    } else if (joins_next) {
        next->first = number;
    } else {
        run fresh = { number, number };
        g_array_insert_val(runs, at, fresh);
    }
}

bool ql_packet_numbers_complete(const ql_packet_numbers *numbers, uint64_t first)
{
    return numbers->any && first <= numbers->largest &&
           g_array_index(numbers->runs, run, numbers->runs->len - 1).first <= first;
}

bool ql_packet_numbers_add(ql_packet_numbers *numbers, uint64_t number)
{
    if (numbers->runs == NULL)
        numbers->runs = g_array_new(FALSE, FALSE, sizeof(run));
    GArray *runs = numbers->runs;
    guint at = run_at(runs, number);
    if (at < runs->len && g_array_index(runs, run, at).first <= number)
        return false;
    insert(runs, at, number);
    if (runs->len > QL_NUMBER_RUNS_MAX) {
        g_array_index(runs, run, 1).first = g_array_index(runs, run, 0).first;
        g_array_remove_index(runs, 0);
    }
    if (!numbers->any || number < numbers->smallest)
        numbers->smallest = number;
    if (!numbers->any || number > numbers->largest)
        numbers->largest = number;
    numbers->any = true;
    return true;
}
