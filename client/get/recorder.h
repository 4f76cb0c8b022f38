/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture of a session of quiclens get: its own, or one that dumpcap takes. */
#pragma once

#include "capture_options.h"
#include "self_capture.h"

typedef struct ql_recorder ql_recorder;

/* Begins as the options say; comment is on the whole capture; addresses (ql_address) are those that
 * dumpcap is to look at, and not looked at for the own capture. NULL and error if it cannot begin.
 * Options without a capture have no recorder. */
ql_recorder *ql_recorder_new(const ql_capture_options *options, const char *comment,
                             const GArray *addresses, GError **error);

/* A listener for ql_keylog; recorder is its user data. */
void ql_recorder_on_secret(const char *line, void *recorder);

/* Where datagrams are to be handed over; NULL: nowhere, as dumpcap sees them itself. Valid as long
 * as recorder, which may be NULL. */
ql_self_capture *ql_recorder_self_capture(const ql_recorder *recorder);

/* Ends the capture and frees it. NULL is a no-op that returns true. False and error if it is not
 * whole; the message names it. */
bool ql_recorder_close(ql_recorder *recorder, GError **error);
