/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server push: promises and push streams find each other by push ID, whichever comes first (RFC
 * 9114, 4.6). */
#ifndef QL_PUSH_H
#define QL_PUSH_H

#include "model/message.h"

typedef struct ql_pushes ql_pushes;

ql_pushes *ql_pushes_new(void);
void ql_pushes_free(ql_pushes *pushes);

/* A PUSH_PROMISE on the request stream `promised_on`. Takes the section. */
void ql_pushes_on_promise(ql_http3_scope *scope, uint64_t promised_on, uint64_t push_id,
                          ql_section *section);

/* The push stream with this ID; false, with a finding, when there was one already. */
bool ql_pushes_on_stream(ql_http3_scope *scope, uint64_t push_id, ql_stream_facts *stream,
                         ql_message_reader *reader);

/* The exchange that was promised with this ID, or NULL. */
const ql_exchange *ql_pushes_find(const ql_http3_scope *scope, uint64_t push_id);

#endif
