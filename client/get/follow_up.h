/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows on a request: the same to where it was redirected (RFC 9110, 15.4), or the same
 * again after a failure that may have passed. */
#pragma once

#include "request.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

typedef enum ql_follow_up {
    QL_FOLLOW_UP_NONE,        /* the response is what was wanted */
    QL_FOLLOW_UP_REDIRECTION, /* its content is of no interest */
    QL_FOLLOW_UP_RETRY,       /* the same */
    QL_FOLLOW_UP_FORBIDDEN,   /* error says why it cannot be followed where it leads */
} ql_follow_up;

/* What the final header section of request asks for. On a redirection *target is set, and belongs
 * to the caller. */
ql_follow_up ql_follow_up_judge(const ql_request *request, ql_url **target, GError **error);

/* Whether it may be sent again as often as that, and can be: its content is still there. */
bool ql_follow_up_may_retry(const ql_request *request);

/* The request that follows on one that is over (ql_request_is_followed), with its output and its
 * report; delay says how long to wait before it is sent. NULL and error if it cannot be made. */
ql_request *ql_follow_up_new(ql_request *over, ngtcp2_duration *delay, GError **error);
