/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_scenario.h"

#include "relay_value.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_QUEUE         25u
#define DEFAULT_REORDER_BY_NS 10000000u

#define SIMULATOR_NETWORK "delay=15ms bandwidth=10Mbps queue=25"

G_DEFINE_QUARK(ql_relay_error, ql_relay_error)

typedef enum value_kind {
    VALUE_DURATION,
    VALUE_BANDWIDTH,
    VALUE_PERCENT,
    VALUE_QUEUE,
    VALUE_NUMBER,
    VALUE_LIST,
    VALUE_BLACKHOLE,
    VALUE_REBINDS,
    VALUE_REBIND_ADDRESSES,
} value_kind;

static const char *const expected[] = {
    [VALUE_DURATION] = "a time such as 15ms, 1.5s or 200us",
    [VALUE_BANDWIDTH] = "bits a second such as 10Mbit or 500kbit",
    [VALUE_PERCENT] = "percent of the packets, 0 to 100",
    [VALUE_QUEUE] = "a number of packets up to 1000000",
    [VALUE_NUMBER] = "a number",
    [VALUE_LIST] = "packet numbers from 1, such as 2-7,9,30- (at most 64 ranges in all)",
    [VALUE_BLACKHOLE] = "ON,OFF[,TIMES] such as 5s,2s (times 0: without end), OFF above 0",
    [VALUE_REBINDS] = "up to 64 times that grow, such as 1s,6s",
    [VALUE_REBIND_ADDRESSES] = "up to 16 addresses such as 127.0.0.2,127.0.0.3",
};

/* A key. offset is of the field in the rules of a direction, or, where sided is false, in the
 * scenario; the last kinds know their fields themselves. */
typedef struct key {
    const char *name;
    value_kind kind;
    bool sided;
    size_t offset;
} key;

#define RULE(field)     true, offsetof(ql_relay_rules, field)
#define SCENARIO(field) false, offsetof(ql_relay_scenario, field)

static const key keys[] = {
    { "delay", VALUE_DURATION, RULE(delay_ns) },
    { "jitter", VALUE_DURATION, RULE(jitter_ns) },
    { "bandwidth", VALUE_BANDWIDTH, RULE(bandwidth) },
    { "queue", VALUE_QUEUE, RULE(queue) },
    { "drop", VALUE_LIST, RULE(drops) },
    { "corrupt", VALUE_LIST, RULE(corruptions) },
    { "duplicate", VALUE_LIST, RULE(duplicates) },
    { "reorder", VALUE_LIST, RULE(reorders) },
    { "drop-rate", VALUE_PERCENT, RULE(drop.percent) },
    { "drop-burst", VALUE_NUMBER, RULE(drop.burst) },
    { "corrupt-rate", VALUE_PERCENT, RULE(corrupt.percent) },
    { "corrupt-burst", VALUE_NUMBER, RULE(corrupt.burst) },
    { "duplicate-rate", VALUE_PERCENT, RULE(duplicate.percent) },
    { "reorder-rate", VALUE_PERCENT, RULE(reorder.percent) },
    { "reorder-by", VALUE_DURATION, RULE(reorder_by_ns) },
    { "blackhole", VALUE_BLACKHOLE, RULE(blackhole_on_ns) },
    { "blackhole-on", VALUE_DURATION, RULE(blackhole_on_ns) },
    { "blackhole-off", VALUE_DURATION, RULE(blackhole_off_ns) },
    { "blackhole-times", VALUE_NUMBER, RULE(blackhole_times) },
    { "rebind", VALUE_REBINDS, SCENARIO(rebind_ns) },
    { "rebind-every", VALUE_DURATION, SCENARIO(rebind_every_ns) },
    { "rebind-address", VALUE_REBIND_ADDRESSES, SCENARIO(rebind_addresses) },
    { "seed", VALUE_NUMBER, SCENARIO(seed) },
};

/* The scenarios of quic-network-simulator, with what their keys are called here. */
typedef struct synonym {
    const char *scenario, *their, *our;
} synonym;

static const synonym synonyms[] = {
    { "simple-p2p", "", "" },
    { "drop-rate", "rate", "drop-rate" },
    { "drop-rate", "burst", "drop-burst" },
    { "corrupt-rate", "rate", "corrupt-rate" },
    { "corrupt-rate", "burst", "corrupt-burst" },
    { "droplist", "drops", "drop" },
    { "blackhole", "on", "blackhole-on" },
    { "blackhole", "off", "blackhole-off" },
    { "blackhole", "repeat", "blackhole-times" },
    { "rebind", "first-rebind", "rebind" },
    { "rebind", "rebind-freq", "rebind-every" },
};

const char *ql_relay_side_name(ql_relay_side side)
{
    return side == QL_RELAY_CLIENT ? "client" : "server";
}

void ql_relay_scenario_init(ql_relay_scenario *scenario, uint64_t seed)
{
    *scenario = (ql_relay_scenario){ .seed = seed };
    for (int side = 0; side < QL_RELAY_SIDES; side++) {
        scenario->rules[side].queue = DEFAULT_QUEUE;
        scenario->rules[side].reorder_by_ns = DEFAULT_REORDER_BY_NS;
        scenario->rules[side].blackhole_times = 1;
    }
}

static bool add_ranges(ql_relay_list *list, char *const *words)
{
    for (; *words != NULL; words++) {
        if (list->count == QL_RELAY_RANGES_MAX ||
            !ql_relay_value_range(*words, &list->ranges[list->count]))
            return false;
        list->count++;
    }
    return list->count > 0;
}

static bool set_blackhole(ql_relay_rules *rules, char *const *words)
{
    guint count = g_strv_length((char **)(uintptr_t)words);
    return (count == 2 || count == 3) &&
           ql_relay_value_duration(words[0], &rules->blackhole_on_ns) &&
           ql_relay_value_duration(words[1], &rules->blackhole_off_ns) &&
           rules->blackhole_off_ns > 0 &&
           (count == 2 || ql_relay_value_number(words[2], &rules->blackhole_times));
}

static bool set_rebinds(ql_relay_scenario *scenario, char *const *words)
{
    size_t count = 0;
    for (; words[count] != NULL; count++) {
        uint64_t *at = &scenario->rebind_ns[count];
        if (count == QL_RELAY_REBINDS_MAX || !ql_relay_value_duration(words[count], at) ||
            (count > 0 && *at <= at[-1]))
            return false;
    }
    scenario->rebind_count = count;
    return count > 0;
}

static bool set_rebind_addresses(ql_relay_scenario *scenario, char *const *words)
{
    size_t count = 0;
    for (; words[count] != NULL; count++)
        if (count == QL_RELAY_ADDRESSES_MAX ||
            !ql_relay_value_address(words[count], &scenario->rebind_addresses[count]))
            return false;
    scenario->rebind_address_count = count;
    return count > 0;
}

/* Into record, which is the scenario or the rules of a direction, as the key says. */
static bool set_value(void *record, const key *k, const char *value)
{
    void *field = (char *)record + k->offset;
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    uint64_t number;
    switch (k->kind) {
    case VALUE_DURATION: return ql_relay_value_duration(value, field);
    case VALUE_BANDWIDTH: return ql_relay_value_bandwidth(value, field);
    case VALUE_PERCENT: return ql_relay_value_percent(value, field);
    case VALUE_NUMBER: return ql_relay_value_number(value, field);
    case VALUE_QUEUE:
        if (!ql_relay_value_number(value, &number) || number > QL_RELAY_QUEUE_MAX)
            return false;
        *(uint64_t *)field = number;
        return true;
    case VALUE_LIST: return add_ranges(field, words);
    case VALUE_BLACKHOLE: return set_blackhole(record, words);
    case VALUE_REBINDS: return set_rebinds(record, words);
    case VALUE_REBIND_ADDRESSES: return set_rebind_addresses(record, words);
    }
    return false;
}

static const key *find_key(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* Bit side is set for each direction that is meant; what names it is cut off. */
static unsigned take_sides(const char **value)
{
    for (int side = 0; side < QL_RELAY_SIDES; side++) {
        const char *name = ql_relay_side_name((ql_relay_side)side);
        size_t length = strlen(name);
        if (strncmp(*value, name, length) == 0 && (*value)[length] == ':') {
            *value += length + 1;
            return 1u << side;
        }
    }
    return 1u << QL_RELAY_CLIENT | 1u << QL_RELAY_SERVER;
}

static bool refuse(const char *name, const char *value, const char *why, GError **error)
{
    g_autofree char *shown_name = ql_text_escape(name);
    g_autofree char *shown = ql_text_escape(value);
    g_set_error(error, QL_RELAY_ERROR, 0, "%s=%s: expected is %s", shown_name, shown, why);
    return false;
}

bool ql_relay_scenario_set(ql_relay_scenario *scenario, const char *name, const char *value,
                           GError **error)
{
    const key *k = find_key(name);
    const char *rest = value;
    g_autofree ql_relay_scenario *changed = g_memdup2(scenario, sizeof *scenario);
    if (k == NULL) {
        g_autofree char *shown = ql_text_escape(name);
        g_set_error(error, QL_RELAY_ERROR, 0, "a scenario has no \"%s\"", shown);
        return false;
    }
    unsigned sides = k->sided ? take_sides(&rest) : 0;
    if (!k->sided && !set_value(changed, k, rest))
        return refuse(name, value, expected[k->kind], error);
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        if ((sides >> side & 1) != 0 && !set_value(&changed->rules[side], k, rest))
            return refuse(name, value, expected[k->kind], error);
    *scenario = *changed;
    return true;
}

/* "rate_to_server" is the client's: the rest of the name is left, its sender returned. */
static const char *take_suffix(char *name)
{
    static const struct {
        const char *suffix, *sender;
    } suffixes[] = { { "-to-server", "client:" }, { "-to-client", "server:" } };
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(name, suffixes[i].suffix)) {
            name[strlen(name) - strlen(suffixes[i].suffix)] = '\0';
            return suffixes[i].sender;
        }
    return "";
}

static const char *translate(const char *kind, const char *name)
{
    for (size_t i = 0; kind != NULL && i < G_N_ELEMENTS(synonyms); i++)
        if (strcmp(synonyms[i].scenario, kind) == 0 && strcmp(synonyms[i].their, name) == 0)
            return synonyms[i].our;
    return name;
}

static bool set_word(ql_relay_scenario *scenario, const char *kind, const char *word,
                     GError **error)
{
    const char *start = g_str_has_prefix(word, "--") ? word + 2 : word;
    const char *equals = strchr(start, '=');
    if (equals == NULL) {
        g_autofree char *shown = ql_text_escape(word);
        g_set_error(error, QL_RELAY_ERROR, 0,
                    "\"%s\" in a scenario: expected is KEY=VALUE, or first of all simple-p2p, "
                    "drop-rate, corrupt-rate, droplist, blackhole or rebind",
                    shown);
        return false;
    }
    g_autofree char *name = g_strndup(start, (gsize)(equals - start));
    g_strdelimit(name, "_", '-');
    const char *sender = take_suffix(name);
    g_autofree char *value = g_strconcat(sender, equals + 1, NULL);
    return ql_relay_scenario_set(scenario, translate(kind, name), value, error);
}

static const char *find_kind(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(synonyms); i++)
        if (strcmp(synonyms[i].scenario, word) == 0)
            return synonyms[i].scenario;
    return NULL;
}

static bool set_words(ql_relay_scenario *scenario, const char *kind, char *const *words,
                      GError **error)
{
    for (; *words != NULL; words++)
        if (**words != '\0' && !set_word(scenario, kind, *words, error))
            return false;
    return true;
}

static char **split_words(const char *text)
{
    g_autofree char *copy = g_strdup(text);
    for (char *at = copy; (at = strchr(at, '#')) != NULL;)
        while (*at != '\0' && *at != '\n')
            *at++ = ' ';
    g_strdelimit(copy, "\t\r\n", ' ');
    return g_strsplit(g_strstrip(copy), " ", -1);
}

bool ql_relay_scenario_parse(ql_relay_scenario *scenario, const char *text, GError **error)
{
    if (strlen(text) > QL_RELAY_TEXT_MAX) {
        g_set_error(error, QL_RELAY_ERROR, 0, "the scenario is longer than %u bytes",
                    QL_RELAY_TEXT_MAX);
        return false;
    }
    g_auto(GStrv) words = split_words(text);
    g_autofree ql_relay_scenario *changed = g_memdup2(scenario, sizeof *scenario);
    const char *kind = words[0] != NULL ? find_kind(words[0]) : NULL;
    if (kind != NULL) {
        g_auto(GStrv) network = split_words(SIMULATOR_NETWORK);
        if (!set_words(changed, NULL, network, error))
            return false;
    }
    if (!set_words(changed, kind, kind != NULL ? words + 1 : words, error))
        return false;
    *scenario = *changed;
    return true;
}

bool ql_relay_scenario_read(ql_relay_scenario *scenario, const char *path, GError **error)
{
    g_autofree char *text = g_malloc0(QL_RELAY_TEXT_MAX + 2); /* a byte more than it may have */
    FILE *file = fopen(path, "re");
    bool read = file != NULL && (fread(text, 1, QL_RELAY_TEXT_MAX + 1, file) > 0 || !ferror(file));
    if (file != NULL)
        fclose(file);
    if (read)
        return ql_relay_scenario_parse(scenario, text, error);
    g_autofree char *shown = ql_text_escape(path);
    g_set_error(error, QL_RELAY_ERROR, 0, "cannot read the scenario %s", shown);
    return false;
}

char *ql_relay_scenario_describe(const ql_relay_scenario *scenario, const char *command_line)
{
    return g_strdup_printf("%s\nseed of the bad network: %" PRIu64, command_line, scenario->seed);
}

uint64_t ql_relay_scenario_rebind_time(const ql_relay_scenario *scenario, uint64_t index)
{
    if (index < scenario->rebind_count)
        return scenario->rebind_ns[index];
    if (scenario->rebind_every_ns == 0)
        return UINT64_MAX;
    uint64_t last =
        scenario->rebind_count > 0 ? scenario->rebind_ns[scenario->rebind_count - 1] : 0;
    return last + (index - scenario->rebind_count + 1) * scenario->rebind_every_ns;
}
