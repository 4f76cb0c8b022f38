/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the options of quiclens get to its requests, with their contents and outputs. They are made
 * one by one, when there is room for them. */
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

typedef struct ql_get_requests ql_get_requests;

/* Everything is borrowed and outlives what is made. shared NULL: what would go to standard output
 * goes nowhere. report may be NULL. All URLs are looked at, the names of files (which are
 * remembered, as no two responses may have the same) and what is uploaded too, and the first
 * request is made: NULL and error if something is wrong. G_FILE_ERROR is a file that cannot be
 * used, any other domain bad usage. */
ql_get_requests *ql_get_requests_new(const ql_get_options *options, ql_stdout *shared,
                                     const ql_get_report *report, GError **error);
void ql_get_requests_free(ql_get_requests *requests); /* NULL is a no-op */

/* How many there are in all. */
unsigned ql_get_requests_count(const ql_get_requests *requests);

/* The next one in the order of the URLs, for the caller to free. NULL without error behind the last
 * one; NULL and error if this one cannot be made, but those behind it may be. */
ql_request *ql_get_requests_next(ql_get_requests *requests, GError **error);

/* Whether some response goes to standard output. */
bool ql_get_writes_to_stdout(const ql_get_options *options);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_get_requests, ql_get_requests_free)
