/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tape, a session and the usual two ends, for tests that write a script and look at what the
 * session made of it. */
#pragma once

#include <string.h>

#include "quic_builder.h"
#include "session_text.h"

typedef struct fixture {
    quic_tape *tape;
    ql_session *session;
    quic_ends ends;
    uint32_t played; /* the last frame that the session has */
} fixture;

static inline void set_up(fixture *f)
{
    *f = (fixture){ .tape = quic_tape_new(), .session = ql_session_new() };
    quic_ends_init(&f->ends, 1);
}

static inline void tear_down(fixture *f)
{
    ql_session_free(f->session);
    quic_tape_free(f->tape);
}

/* Hands in what is new on the tape. Gives how many datagrams were of a connection. */
static inline unsigned play(fixture *f)
{
    uint32_t to = quic_tape_length(f->tape);
    unsigned taken = quic_play(f->tape, f->session, f->played + 1, to);
    f->played = to;
    return taken;
}

static inline void set_up_with_secrets(fixture *f)
{
    set_up(f);
    quic_add_secrets(f->session, &f->ends);
}

static inline void add_text(fixture *f, const char *text)
{
    ql_session_add_secrets(f->session, (ql_slice){ (const uint8_t *)text, strlen(text) });
}

static inline void add_secret(fixture *f, ql_secret_label label)
{
    g_autofree char *line = quic_secret_line(&f->ends, label);
    add_text(f, line);
}

static inline const ql_connection_facts *facts_of(const fixture *f, unsigned number)
{
    g_assert_cmpuint(number, <, ql_session_connection_count(f->session));
    return ql_connection_facts_of(ql_session_connection(f->session, number));
}

static inline void assert_connections(const fixture *f, unsigned count)
{
    g_assert_cmpuint(ql_session_connection_count(f->session), ==, count);
}

static inline void assert_opened(const fixture *f, unsigned number, uint64_t count)
{
    const ql_connection_facts *facts = facts_of(f, number);
    g_assert_cmpuint(facts->packets, ==, count);
    g_assert_cmpuint(facts->closed[QL_OPENED], ==, count);
}

static inline void assert_findings(const fixture *f, const char *expected)
{
    g_autofree char *found = session_findings_text(f->session);
    g_assert_cmpstr(found, ==, expected);
}

static inline void assert_events(const fixture *f, uint32_t frame, const char *expected)
{
    g_autofree char *found = session_events_text(f->session, frame);
    g_assert_cmpstr(found, ==, expected);
}

/* Whether the frame has an event whose text begins so. */
static inline bool has_event(const fixture *f, uint32_t frame, const char *part)
{
    g_autofree char *found = session_events_text(f->session, frame);
    return strstr(found, part) != NULL;
}

static inline const ql_path *path_of(const fixture *f, guint id)
{
    const GPtrArray *paths = ql_connection_paths(ql_session_connection(f->session, 0));
    g_assert_cmpuint(id, <, paths->len);
    return g_ptr_array_index(paths, id);
}

static inline guint path_count(const fixture *f)
{
    return ql_connection_paths(ql_session_connection(f->session, 0))->len;
}

static inline const ql_cid_entry *cid_of(const fixture *f, ql_side issuer, const ql_cid *cid)
{
    const GPtrArray *cids = ql_connection_cids(ql_session_connection(f->session, 0), issuer);
    for (guint i = 0; i < cids->len; i++) {
        const ql_cid_entry *entry = g_ptr_array_index(cids, i);
        if (ql_cid_equal(&entry->cid, cid))
            return entry;
    }
    return NULL;
}

static inline uint64_t received(const fixture *f, uint64_t stream, ql_side sender)
{
    const ql_stream_facts *facts =
        ql_streams_find(ql_connection_streams(ql_session_connection(f->session, 0)), stream);
    return facts == NULL ? 0 : facts->half[sender].received;
}
