/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the client says that it did: the requests as it carried them out, and from its trace
 * (trace.h) the connection IDs that it issued and used, and the move. This is what the plugin is
 * held against, which knows nothing but packets and secrets. */
#pragma once

#include "request.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_recorded_request {
    int64_t stream;
    char *method, *path;
    unsigned status;
    uint64_t sent, received; /* bytes of content */
    char *sent_sha256;       /* hexadecimal; NULL where nothing was sent */
    char *received_sha256;   /* hexadecimal; NULL where nothing came */
} ql_recorded_request;

typedef struct ql_demo_record {
    GPtrArray *requests;     /* ql_recorded_request */
    GHashTable *own_cids;    /* a set of strings, hexadecimal: issued by the client */
    GHashTable *server_cids; /* likewise: those of the server's to which the client sent */
    unsigned connections;    /* how many were begun */
    char *first_address;     /* "127.0.0.1:50000": where the client was first */
    char *last_address;      /* where it moved to; NULL: it did not */
} ql_demo_record;

ql_demo_record *ql_demo_record_new(void);
void ql_demo_record_free(ql_demo_record *record); /* NULL is a no-op */

/* Reads what a trace wrote. Lines that tell of other things are passed over. */
void ql_demo_record_add_trace(ql_demo_record *record, const char *text);

/* A request that is over. It was made with digest; sent_sha256 (NULL: none) is that of its content.
 */
void ql_demo_record_add_request(ql_demo_record *record, const ql_request *request,
                                const char *sent_sha256);
