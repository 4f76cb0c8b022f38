/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_impairment.h"

/* What a random number is for: each has its own, so that one rule does not change another's hits.
 */
typedef enum purpose {
    PURPOSE_DROP = 1,
    PURPOSE_CORRUPT,
    PURPOSE_CORRUPT_PLACE,
    PURPOSE_CORRUPT_MASK,
    PURPOSE_DUPLICATE,
    PURPOSE_REORDER,
    PURPOSE_JITTER,
} purpose;

/* The finalizer of splitmix64: a bijection in which every bit of the input reaches all of the
 * result. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t random_of(const ql_relay_impairment *impairment, purpose what)
{
    uint64_t stream = mix(impairment->seed) + (uint64_t)impairment->side * 16 + (uint64_t)what;
    return mix(mix(stream) ^ impairment->number);
}

/* 0 <= result < 1, from the 53 bits that a double holds. */
static double fraction_of(const ql_relay_impairment *impairment, purpose what)
{
    return (double)(random_of(impairment, what) >> 11) / 9007199254740992.0;
}

static bool hits(const ql_relay_impairment *impairment, const ql_relay_chance *chance, purpose what)
{
    return fraction_of(impairment, what) * 100 < chance->percent;
}

static bool hits_in_a_row(const ql_relay_impairment *impairment, const ql_relay_chance *chance,
                          purpose what, uint64_t *in_a_row)
{
    bool spared = chance->burst > 0 && *in_a_row >= chance->burst;
    bool hit = !spared && hits(impairment, chance, what);
    *in_a_row = hit ? *in_a_row + 1 : 0;
    return hit;
}

static bool is_listed(const ql_relay_impairment *impairment, const ql_relay_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (impairment->number >= list->ranges[i].first &&
            impairment->number <= list->ranges[i].last)
            return true;
    return false;
}

void ql_relay_impairment_init(ql_relay_impairment *impairment, const ql_relay_scenario *scenario,
                              ql_relay_side side)
{
    *impairment = (ql_relay_impairment){
        .rules = &scenario->rules[side],
        .seed = scenario->seed,
        .side = side,
    };
}

ql_relay_decision ql_relay_impairment_next(ql_relay_impairment *impairment)
{
    const ql_relay_rules *rules = impairment->rules;
    impairment->number++;
    return (ql_relay_decision){
        .number = impairment->number,
        .drop_listed = is_listed(impairment, &rules->drops),
        .drop = hits_in_a_row(impairment, &rules->drop, PURPOSE_DROP, &impairment->drops_in_a_row),
        .corrupt = hits_in_a_row(impairment, &rules->corrupt, PURPOSE_CORRUPT,
                                 &impairment->corruptions_in_a_row) ||
                   is_listed(impairment, &rules->corruptions),
        .duplicate = hits(impairment, &rules->duplicate, PURPOSE_DUPLICATE) ||
                     is_listed(impairment, &rules->duplicates),
        .reorder = hits(impairment, &rules->reorder, PURPOSE_REORDER) ||
                   is_listed(impairment, &rules->reorders),
        .jitter_ns = (uint64_t)(fraction_of(impairment, PURPOSE_JITTER) * (double)rules->jitter_ns),
        .corrupt_place = random_of(impairment, PURPOSE_CORRUPT_PLACE),
        .corrupt_mask = (uint8_t)(1 + random_of(impairment, PURPOSE_CORRUPT_MASK) % 255),
    };
}

bool ql_relay_impairment_is_black(const ql_relay_rules *rules, uint64_t time_ns)
{
    uint64_t period = rules->blackhole_on_ns + rules->blackhole_off_ns;
    if (rules->blackhole_off_ns == 0)
        return false;
    if (rules->blackhole_times > 0 && time_ns / period >= rules->blackhole_times)
        return false;
    return time_ns % period >= rules->blackhole_on_ns;
}

static bool is_version_negotiation(const uint8_t *data, size_t length)
{
    return length >= 5 && (data[0] & 0x80) != 0 && (data[1] | data[2] | data[3] | data[4]) == 0;
}

int ql_relay_impairment_corrupt_offset(const ql_relay_decision *decision, const uint8_t *data,
                                       size_t length)
{
    if (length == 0 || is_version_negotiation(data, length))
        return -1;
    return (int)(decision->corrupt_place % MIN(length, QL_RELAY_CORRUPT_WITHIN));
}
