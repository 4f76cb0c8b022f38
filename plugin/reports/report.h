/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model knows, as text for people and as lines for programs. Pure functions: the same
 * session gives the same bytes. Call ql_session_finish() before. */
#ifndef QL_REPORT_H
#define QL_REPORT_H

#include "model/session.h"

#include <stdio.h>

/* Write errors stay in the stream, for ferror(). */
typedef void (*ql_report_writer)(const ql_session *session, FILE *out);

typedef struct ql_report {
    const char *name;  /* "requests": what follows -z quiclens, */
    const char *title; /* "HTTP/3 requests and their responses" */
    ql_report_writer write;
    bool shows_hashes; /* of bodies; see ql_session_hash_bodies() */
} ql_report;

/* All of them, `count` in number. */
const ql_report *ql_reports(unsigned *count);

/* NULL when there is none of this name. */
const ql_report *ql_report_find(const char *name);

void ql_report_requests(const ql_session *session, FILE *out);
void ql_report_cids(const ql_session *session, FILE *out);
void ql_report_paths(const ql_session *session, FILE *out);
void ql_report_connections(const ql_session *session, FILE *out);

/* What could not be opened, why, and what to do about it. */
void ql_report_doctor(const ql_session *session, FILE *out);

/* One JSON object a line: connections, exchanges, connection IDs, paths and findings, ordered by
 * their first frames. Every key is there; what is absent is null. */
void ql_report_json(const ql_session *session, FILE *out);

#endif
