/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "impair_options.h"

void ql_impair_options_init(ql_impair_options *options)
{
    options->given = false;
    ql_relay_scenario_init(&options->scenario, g_random_int());
}

/* A client that changes its address knows it, and does not need a relay for that. */
static bool check(const ql_relay_scenario *scenario, const char *name, GError **error)
{
    bool rebinds = scenario->rebind_count > 0 || scenario->rebind_every_ns > 0 ||
                   scenario->rebind_address_count > 0;
    if (rebinds)
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "%s: a scenario with a rebinding is for quiclens relay", name);
    return !rebinds;
}

static gboolean take_line(const char *name, const char *value, void *record, GError **error)
{
    ql_impair_options *options = record;
    options->given = true;
    return ql_relay_scenario_parse(&options->scenario, value, error) &&
           check(&options->scenario, name, error);
}

static gboolean take_file(const char *name, const char *value, void *record, GError **error)
{
    ql_impair_options *options = record;
    options->given = true;
    return ql_relay_scenario_read(&options->scenario, value, error) &&
           check(&options->scenario, name, error);
}

const ql_option ql_impair_option_table[] = {
    { "impair", '\0', QL_OPTION_CALL, 0, "LINE",
      "a bad network, in both directions or in one, in the words of quiclens relay: \"delay=15ms "
      "jitter=5ms drop-rate=server:2 drop=client:3,7-9 reorder-rate=1 duplicate-rate=1 "
      "corrupt-rate=1 bandwidth=10Mbit seed=1\"; the capture says what happened to which packet",
      take_line },
    { "impair-file", '\0', QL_OPTION_CALL, 0, "FILE", "the same from a file, # begins a comment",
      take_file },
    { .name = NULL },
};

const ql_relay_scenario *ql_impair_options_scenario(const ql_impair_options *options)
{
    return options->given ? &options->scenario : NULL;
}
