/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a frame is about, for those who ask for more of the same: follow, filters. */
#ifndef QL_FRAME_SUBJECT_H
#define QL_FRAME_SUBJECT_H

#include "model/session.h"

/* The exchange that begins, goes on or ends on the frame: the first of which most is told. NULL for
 * other frames. */
const ql_exchange *ql_frame_exchange(const ql_event *events);

/* The connection of its first packet; NULL when that is not known. */
const ql_connection *ql_frame_connection(const ql_event *events);

/* Display filters. The caller frees them. */
char *ql_filter_of_connection(uint32_t connection);
char *ql_filter_of_stream(uint32_t connection, uint64_t stream);

#endif
