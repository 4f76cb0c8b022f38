/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_DETAILS_STREAM_H
#define QL_DETAILS_STREAM_H

#include "views/drawing.h"

/* quiclens.stream.id for something that the frame does to a stream, unless a STREAM frame of this
 * stream in the same captured frame has it already. */
void ql_draw_stream_id(const ql_drawing *drawing, proto_tree *tree, uint64_t id);

#endif
