/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of quiclens get that make its network a bad one. */
#pragma once

#include "options.h"
#include "relay_scenario.h"

/* A plain value. */
typedef struct ql_impair_options {
    bool given;
    ql_relay_scenario scenario;
} ql_impair_options;

/* Nothing is impaired, and the seed is a new one each time. */
void ql_impair_options_init(ql_impair_options *options);

/* The options that fill the record. */
extern const ql_option ql_impair_option_table[];

/* The scenario, as long as options; NULL: none was asked for. */
const ql_relay_scenario *ql_impair_options_scenario(const ql_impair_options *options);
