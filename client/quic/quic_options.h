/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options about QUIC as such, of either side, as people type them. */
#pragma once

#include "options.h"
#include "quic_settings.h"

/* Each fills a ql_quic_settings. Of both sides: */
extern const ql_option ql_flow_option_table[];
extern const ql_option ql_recovery_option_table[];
extern const ql_option ql_number_option_table[]; /* keys, connection IDs and packet numbers */

/* A client's. */
extern const ql_option ql_version_option_table[];
extern const ql_option ql_first_cid_option_table[];

/* Whether a client's options fit each other. False and error if not. */
bool ql_quic_options_check(ql_quic_settings *settings, GError **error);
