/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_EXPERTS_H
#define QL_EXPERTS_H

#include "views/drawing.h"

/* An event of connection IDs or paths as an expert info of severity chat, below its item: its
 * sentence, as quiclens.expert.cid.<event> or quiclens.expert.path.<event>. `item` is NULL where
 * there is no tree. */
void ql_draw_chat(const ql_drawing *drawing, proto_item *item, const ql_event *event);

#endif
