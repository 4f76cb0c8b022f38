/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When something is to happen on purpose in a connection: after so much content, or so much time.
 */
#pragma once

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

/* Both 0: never. */
typedef struct ql_trigger {
    uint64_t bytes;           /* of content, sent and received together */
    ngtcp2_duration duration; /* since the handshake was completed */
} ql_trigger;

/* "200000", "200k", "3M" bytes, or a time, "300ms", "1.5s". False and error, which names the
 * option, if text is neither, or 0. */
bool ql_trigger_parse(const char *option, const char *text, ql_trigger *trigger, GError **error);

bool ql_trigger_is_set(const ql_trigger *trigger);

/* content: bytes so far; handshake: when it was completed, UINT64_MAX before that. */
bool ql_trigger_is_due(const ql_trigger *trigger, uint64_t content, ngtcp2_tstamp handshake,
                       ngtcp2_tstamp now);

/* When a time makes it due; UINT64_MAX: no time does. */
ngtcp2_tstamp ql_trigger_expiry(const ql_trigger *trigger, ngtcp2_tstamp handshake);
