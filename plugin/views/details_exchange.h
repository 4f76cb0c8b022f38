/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_DETAILS_EXCHANGE_H
#define QL_DETAILS_EXCHANGE_H

#include "views/drawing.h"

/* Under a piece of a stream of the exchange: links to where the request began, where the answer
 * began and where it ended, as far as they are known and are not this frame. Where the frame has
 * header fields or an end of the exchange, they stand there instead. */
void ql_draw_links_of_piece(const ql_drawing *drawing, proto_tree *tree,
                            const ql_exchange *exchange);

#endif
