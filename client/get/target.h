/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One origin as a target of requests: its addresses, the attempts to reach it (RFC 8305), the
 * connection that carries its requests, and those that wait for one. */
#pragma once

#include "connection_figures.h"
#include "request.h"
#include "transfer.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef struct ql_target ql_target;

/* Gets a sentence about the origin or one of its connections; fails: many requests may fail with
 * it. */
typedef void (*ql_target_say)(const char *sentence, bool fails, void *user);

/* settings is borrowed and outlives the target. */
ql_target *ql_target_new(const ql_transfer_settings *settings, const ql_url *url, ql_target_say say,
                         void *user);
void ql_target_free(ql_target *target); /* NULL is a no-op */

/* Has the request sent, on the connection that there is or on a new one. It is borrowed. */
void ql_target_add(ql_target *target, ql_request *request);

/* Does all that can be done without waiting. */
void ql_target_step(ql_target *target);

/* Whether there is something under way. */
bool ql_target_is_busy(const ql_target *target);

/* Appends a struct pollfd for everything that is waited for. */
void ql_target_add_pollfds(const ql_target *target, GArray *pollfds);

/* When to step even if nothing happens; on the clock of ql_clock_now. */
ngtcp2_tstamp ql_target_expiry(const ql_target *target);

/* Closes the connection and forgets the requests that wait. */
void ql_target_close(ql_target *target);

/* What is known of the connection, or of the last one. */
ql_connection_figures ql_target_figures(ql_target *target);
