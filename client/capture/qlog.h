/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qlog 0.3 (draft-ietf-quic-qlog-main-schema-03) as JSON text sequences (RFC 7464): one file a
 * connection. ngtcp2 reports packets, recovery and transport parameters itself; what it leaves out
 * is added between its records: connection IDs, migration, and (qlog_http3.h) HTTP/3. Every record
 * gets the time at which it is written, in milliseconds since the connection's first, so that they
 * never go back. */
#pragma once

#include "address.h"

#include <glib.h>
#include <json-glib/json-glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>

/* The qlogs of all connections of a program. */
typedef struct ql_qlog_book ql_qlog_book;
typedef struct ql_qlog ql_qlog;

typedef enum ql_qlog_owner { QL_QLOG_LOCAL, QL_QLOG_REMOTE } ql_qlog_owner;
#define QL_QLOG_OWNERS 2

/* Of draft-ietf-quic-qlog-quic-events, migration_state_updated. */
typedef enum ql_qlog_migration {
    QL_QLOG_PROBING_STARTED,
    QL_QLOG_PROBING_ABANDONED,
    QL_QLOG_PROBING_SUCCESSFUL,
    QL_QLOG_MIGRATION_STARTED,
    QL_QLOG_MIGRATION_COMPLETE,
} ql_qlog_migration;

/* path is a folder that is there: each connection gets a file "ID_client.sqlog" or
 * "ID_server.sqlog" in it, named after the client's first destination connection ID; or else a
 * file: it is the first connection's, made at once, and with "-2", "-3" before its suffix those of
 * the others. Files are made as ql_private_file_open does. NULL and error if the first cannot be
 * made. title says who makes it. */
ql_qlog_book *ql_qlog_book_new(const char *path, bool server, const char *title, GError **error);

/* Frees it, after all of its qlogs. NULL is a no-op that returns true. False and error if any file
 * could not be made, or not be written to its end: the first failure. */
bool ql_qlog_book_close(ql_qlog_book *book, GError **error);

/* The qlog of another connection, with the client's first destination connection ID. Book NULL, and
 * a file that cannot be made, which the book then remembers: NULL. */
ql_qlog *ql_qlog_new(ql_qlog_book *book, const ngtcp2_cid *original_dcid);

/* All that follow take NULL, and then do nothing. */
void ql_qlog_free(ql_qlog *qlog); /* ends the file */

/* Hands what is gathered to the kernel: good to do before one waits for the network. */
void ql_qlog_flush(ql_qlog *qlog);
void ql_qlog_book_flush(ql_qlog_book *book);

/* A piece of ngtcp2's own qlog: what its ngtcp2_qlog_write gets. */
void ql_qlog_write_quic(ql_qlog *qlog, const void *data, size_t length);

/* The ID of owner's that was named last, of length 0 at first; for those who write events. */
ngtcp2_cid *ql_qlog_connection_id(ql_qlog *qlog, ql_qlog_owner owner);

/* Between these two a datagram is taken in. ngtcp2 tells of a packet behind all that came of it, so
 * what comes of a packet is kept back until the packet itself stands there: readers follow a log
 * from cause to effect, and take what has no packet yet for an error. */
void ql_qlog_arrival_begin(ql_qlog *qlog);
void ql_qlog_arrival_end(ql_qlog *qlog);

/* An event of that name, "category:type". data is an object; it is taken. */
void ql_qlog_write_event(ql_qlog *qlog, const char *name, JsonObject *data);

/* connectivity:connection_started. */
void ql_qlog_connection_started(ql_qlog *qlog, const ql_address *local, const ql_address *remote,
                                const ngtcp2_cid *source, const ngtcp2_cid *destination);

/* connectivity:connection_id_updated: packets to owner carry this ID from now on. Nothing is
 * written if they did before. */
void ql_qlog_connection_id_updated(ql_qlog *qlog, ql_qlog_owner owner, const ngtcp2_cid *now);

/* connectivity:migration_state_updated, with the addresses of the path that it is about. */
void ql_qlog_migration_updated(ql_qlog *qlog, ql_qlog_migration state, const ql_address *local,
                               const ql_address *remote);
