/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How statistics, followed streams and exported objects are fed: a tap for each frame with events.
 *
 * In one pass of tshark a frame is tapped before the rest of the capture is known; in the GUI, and
 * with -2, frames are tapped on a later pass, when the model knows it all. Who draws whole things
 * does it through ql_tap_do(), which waits where there is something to wait for. */
#ifndef QL_TAP_H
#define QL_TAP_H

#include "views/drawing.h"

/* What is handed to a listener. Lives as long as the frame's dissection. */
typedef struct ql_tapped {
    const ql_session *session;
    const ql_event *events;
    uint32_t frame;
    bool again; /* the frame was dissected before */
} ql_tapped;

/* The name of the tap of the statistics. */
#define QL_TAP "quiclens"

/* Queues the frame for the listeners of a tap, if there are any. */
void ql_tap_queue(int tap, const ql_drawing *drawing);

typedef void (*ql_tap_work)(void *listener, const void *thing);

/* Works on a thing of the model: at once, or when tshark has read the capture. */
void ql_tap_do(const ql_tapped *tapped, ql_tap_work work, void *listener, const void *thing);

/* Whether this listener wants this exchange, out of those that its frames lead to. */
typedef bool (*ql_tap_choice)(const void *listener, const ql_exchange *exchange);

/* Works on each exchange once, at the frame where it shows up: where its request stands, or the
 * response of a pushed one. What nobody could know there when the frame was tapped, as where
 * secrets stand at the end of the capture, is worked on at the end of the pass, if a frame of its
 * connection was handed to the listener. */
void ql_tap_exchanges(const ql_tapped *tapped, ql_tap_choice wants, ql_tap_work work,
                      void *listener);

#endif
