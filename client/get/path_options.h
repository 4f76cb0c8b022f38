/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options about paths, as people type them. */
#pragma once

#include "options.h"
#include "path.h"

extern const ql_option ql_path_option_table[]; /* fills a ql_path_plan */
