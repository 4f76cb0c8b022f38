/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options about paths and connection IDs, as people type them. */
#pragma once

#include "options.h"
#include "path.h"
#include "quic_settings.h"

extern const ql_option ql_path_option_table[]; /* fills a ql_path_plan */
extern const ql_option ql_cid_option_table[];  /* fills a ql_quic_settings */
