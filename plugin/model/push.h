/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server push: promises and push streams find each other by push ID, whichever comes first (RFC
 * 9114, 4.6). */
#ifndef QL_PUSH_H
#define QL_PUSH_H

#include "model/message.h"

typedef struct ql_pushes ql_pushes;

ql_pushes *ql_pushes_new(void);
void ql_pushes_free(ql_pushes *pushes);

/* The client's control stream, which brings MAX_PUSH_ID; NULL: what it said counts no more. */
void ql_pushes_set_control(ql_http3_scope *scope, const ql_stream_facts *control);

/* The client accepts push IDs up to this one. */
void ql_pushes_allow(ql_http3_scope *scope, uint64_t max_push_id);

/* A push ID that the client did not allow is a finding. `what` names it on the stream where it
 * stands, "PUSH_PROMISE of push"; `rule` is its RFC section. */
void ql_pushes_check_id(ql_http3_scope *scope, uint64_t stream_id, uint64_t push_id,
                        const char *what, const char *rule);

/* A PUSH_PROMISE on the request stream `promised_on`. Takes the section. */
void ql_pushes_on_promise(ql_http3_scope *scope, uint64_t promised_on, uint64_t push_id,
                          ql_section *section);

/* The push stream with this ID; false, with a finding, when there was one already. */
bool ql_pushes_on_stream(ql_http3_scope *scope, uint64_t push_id, ql_stream_facts *stream,
                         ql_message_reader *reader);

/* The exchange that was promised with this ID, or NULL. */
const ql_exchange *ql_pushes_find(const ql_http3_scope *scope, uint64_t push_id);

#endif
