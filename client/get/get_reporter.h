/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quiclens get writes about its requests: -w behind each, --summary in the end. */
#pragma once

#include "get_options.h"
#include "get_requests.h"
#include "transfer.h"

#include <glib.h>
#include <stdbool.h>

typedef struct ql_get_reporter ql_get_reporter;

/* shared as in get_requests.h; both are borrowed. NULL and error (G_FILE_ERROR) if the file of a
 * format cannot be read. */
ql_get_reporter *ql_get_reporter_new(const ql_get_options *options, ql_stdout *shared,
                                     GError **error);
void ql_get_reporter_free(ql_get_reporter *reporter); /* NULL is a no-op */

/* For ql_get_requests_new; NULL if nothing is to be written behind responses. */
const ql_get_report *ql_get_reporter_report(const ql_get_reporter *reporter);

/* Where the requests are carried out: before it runs. */
void ql_get_reporter_watch(ql_get_reporter *reporter, const ql_transfer *transfer);

/* For ql_transfer_settings, where user is a ql_get_reporter. NULL if there will be no summary. */
ql_transfer_listener ql_get_reporter_listener(const ql_get_reporter *reporter);

/* After it ran. False and error if the summary cannot be written. */
bool ql_get_reporter_end(const ql_get_reporter *reporter, GError **error);
