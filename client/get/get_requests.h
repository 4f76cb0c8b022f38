/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the options of quiclens get to its requests, with their contents and outputs. */
#pragma once

#include "get_options.h"
#include "output.h"
#include "request.h"

#include <glib.h>
#include <stdbool.h>

/* What is written behind each response (ql_request_set_report). */
typedef struct ql_get_report {
    ql_request_reporter reporter;
    void *user;
} ql_get_report;

/* The requests in the order of the URLs: an array of ql_request, which belong to the caller;
 * freeing the array frees them. shared is borrowed and outlives them; NULL: what would go to
 * standard output goes nowhere. So does options. report may be NULL. NULL and error if something is
 * wrong: G_FILE_ERROR is a file that cannot be used, any other domain bad usage. */
GPtrArray *ql_get_requests_new(const ql_get_options *options, ql_stdout *shared,
                               const ql_get_report *report, GError **error);

/* Whether some response goes to standard output. */
bool ql_get_writes_to_stdout(const ql_get_options *options);
