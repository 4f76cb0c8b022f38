/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How requests are put on a connection, whatever is spoken on it. */
#pragma once

#include "trace.h"
#include "trigger.h"

#include <glib.h>
#include <stdbool.h>

/* A plain value; all is borrowed. */
typedef struct ql_http_settings {
    GQueue *waiting; /* ql_request: those of this origin that are not sent yet; taken from its head,
                        and put back there if the server did not process them */
    unsigned requests_at_once;
    bool datagrams;    /* of HTTP are taken (RFC 9297) */
    ql_trace *trace;   /* NULL: none */
    bool trace_frames; /* a line for each frame of HTTP/3, too */

    ql_trigger begin; /* when the first request may be sent; not set: at once */

    /* When requests that have another priority besides get it (RFC 9218, 7). */
    ql_trigger reprioritize;
} ql_http_settings;
