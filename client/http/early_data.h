/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which requests may go out as early data: who listens in can send it once more, so that only
 * requests that change nothing will do (RFC 8470, 3). */
#pragma once

#include <glib.h>

/* Moves the ql_request that have to wait for the handshake's end from waiting to held; both keep
 * their order. */
void ql_early_data_hold(GQueue *waiting, GQueue *held);

/* Moves all of held to the end of waiting. */
void ql_early_data_release(GQueue *held, GQueue *waiting);
