/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a frame is about, for those who ask for more of the same: follow, filters. */
#ifndef QL_FRAME_SUBJECT_H
#define QL_FRAME_SUBJECT_H

#include "model/session.h"

/* The stream that a signal is about, NULL while it is not known; and its exchange. */
const ql_stream_facts *ql_signal_stream(const ql_event *events, const ql_signal_event *signal);
const ql_exchange *ql_signal_exchange(const ql_event *events, const ql_signal_event *signal);

/* The exchange that begins, goes on or ends on the frame, or that it says something about: the
 * first of which most is told. NULL for other frames. */
const ql_exchange *ql_frame_exchange(const ql_event *events);

/* The connection of its first packet; NULL when that is not known. */
const ql_connection *ql_frame_connection(const ql_event *events);

/* Display filters. The caller frees them. That of an exchange also finds the streams of the session
 * that it began. */
char *ql_filter_of_connection(uint32_t connection);
char *ql_filter_of_stream(uint32_t connection, uint64_t stream);
char *ql_filter_of_exchange(const ql_exchange *exchange);

#endif
