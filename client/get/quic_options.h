/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options about QUIC, as people type them. */
#pragma once

#include "options.h"
#include "quic_settings.h"

/* Each fills a ql_quic_settings. */
extern const ql_option ql_version_option_table[];
extern const ql_option ql_flow_option_table[];
extern const ql_option ql_recovery_option_table[];

/* Whether the options fit each other; completes what follows from them. False and error if not. */
bool ql_quic_options_check(ql_quic_settings *settings, GError **error);
