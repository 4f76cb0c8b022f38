/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a session knows, as text: so that two sessions can be compared, and a test says in a line
 * what it expects. The caller frees all texts. */
#ifndef SESSION_TEXT_H
#define SESSION_TEXT_H

#include "model/session.h"

/* Connections with their counters, connection IDs, paths, streams and exchanges; nothing of when
 * the model came to know it. */
char *session_facts_text(const ql_session *session);

/* "secrets.missing@3 cid.conflict@7", in the order in which they were found; "" for none. */
char *session_findings_text(const ql_session *session);

/* "packet(1-RTT client 3) cid(first-used) path(new 1) text(...) finding(...)" */
char *session_events_text(const ql_session *session, uint32_t frame);

/* The same sorted, a line each: late secrets change the order in which events are added. */
char *session_sorted_events_text(const ql_session *session, uint32_t frame);

#endif
