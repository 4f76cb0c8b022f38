/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path.h"

#define NEVER UINT64_MAX

typedef enum move_state {
    MOVE_NONE,     /* not asked for, or given up */
    MOVE_WAITS,    /* for its time */
    MOVE_PREPARED, /* there is a socket, but no connection ID for it yet */
    MOVE_PROBES,   /* the new path is being validated */
    MOVE_DONE,
} move_state;

typedef struct socket_entry {
    ql_udp *udp;
    ngtcp2_tstamp closes; /* NEVER: it is in use */
} socket_entry;

struct ql_paths {
    ql_address remote;
    GArray *sockets; /* socket_entry; the last is the newest */
    ql_path_plan plan;
    ql_trace *trace;
    ql_qlog *qlog;
    ql_remarks *remarks;
    move_state move;
    bool confirmed;
    ngtcp2_tstamp due; /* of a move by time */
    ngtcp2_tstamp started;
    char *refusal;
};

static bool open_socket(ql_paths *paths, GError **error)
{
    socket_entry entry = { ql_udp_connect(&paths->remote, &paths->plan.local, error), NEVER };
    if (entry.udp == NULL)
        return false;
    if (paths->plan.no_gso)
        ql_udp_disable_segmentation(entry.udp);
    g_array_append_val(paths->sockets, entry);
    return true;
}

ql_paths *ql_paths_new(const ql_address *remote, const ql_path_plan *plan, ql_trace *trace,
                       GError **error)
{
    ql_paths *paths = g_new0(ql_paths, 1);
    paths->remote = *remote;
    paths->sockets = g_array_new(FALSE, FALSE, sizeof(socket_entry));
    paths->plan = *plan;
    paths->trace = trace;
    paths->move = ql_trigger_is_set(&plan->move) ? MOVE_WAITS : MOVE_NONE;
    paths->due = NEVER;
    if (paths->move == MOVE_WAITS)
        paths->refusal = g_strdup("did not move to another port: the transfer was over before");
    if (open_socket(paths, error))
        return paths;
    ql_paths_free(paths);
    return NULL;
}

static socket_entry *entry_at(const ql_paths *paths, size_t index)
{
    return &g_array_index(paths->sockets, socket_entry, index);
}

void ql_paths_free(ql_paths *paths)
{
    if (paths == NULL)
        return;
    for (guint i = 0; i < paths->sockets->len; i++)
        ql_udp_free(entry_at(paths, i)->udp);
    g_array_unref(paths->sockets);
    g_free(paths->refusal);
    g_free(paths);
}

void ql_paths_set_qlog(ql_paths *paths, ql_qlog *qlog)
{
    paths->qlog = qlog;
}

void ql_paths_set_remarks(ql_paths *paths, ql_remarks *remarks)
{
    paths->remarks = remarks;
}

/* Of the newest socket. */
static void log_move(const ql_paths *paths, ql_qlog_migration state)
{
    const ql_udp *newest = entry_at(paths, paths->sockets->len - 1)->udp;
    ql_qlog_migration_updated(paths->qlog, state, ql_udp_local(newest), &paths->remote);
}

static ngtcp2_addr as_quic(const ql_address *address)
{
    /* ngtcp2 only reads it. */
    return (ngtcp2_addr){ (ngtcp2_sockaddr *)(uintptr_t)ql_address_sockaddr(address),
                          address->length };
}

static ngtcp2_path path_of_socket(const ql_paths *paths, const ql_udp *udp)
{
    return (ngtcp2_path){ as_quic(ql_udp_local(udp)), as_quic(&paths->remote), NULL };
}

ngtcp2_path ql_paths_first(const ql_paths *paths)
{
    return path_of_socket(paths, entry_at(paths, 0)->udp);
}

size_t ql_paths_count(const ql_paths *paths)
{
    return paths->sockets->len;
}

ql_udp *ql_paths_socket(const ql_paths *paths, size_t index)
{
    return entry_at(paths, index)->udp;
}

ngtcp2_path ql_paths_of(const ql_paths *paths, const ql_udp_datagram *datagram)
{
    return (ngtcp2_path){ as_quic(&datagram->local), as_quic(&paths->remote), NULL };
}

ql_udp *ql_paths_find(const ql_paths *paths, const ngtcp2_addr *local)
{
    ql_address wanted = ql_address_from(local->addr, local->addrlen);
    for (guint i = 0; i < paths->sockets->len; i++) {
        ql_udp *udp = entry_at(paths, i)->udp;
        if (ql_address_equal(ql_udp_local(udp), &wanted))
            return udp;
    }
    return NULL;
}

const ql_address *ql_paths_remote(const ql_paths *paths)
{
    return &paths->remote;
}

static void refuse(ql_paths *paths, const char *why)
{
    paths->move = MOVE_NONE;
    g_free(paths->refusal);
    paths->refusal = g_strdup_printf("did not move to another port: %s", why);
    ql_trace_note(paths->trace, "%s", paths->refusal);
}

static bool prepare_move(ql_paths *paths, ngtcp2_conn *quic)
{
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params(quic);
    g_autoptr(GError) error = NULL;
    if (peer != NULL && peer->disable_active_migration) {
        refuse(paths, "the server forbids it (disable_active_migration, RFC 9000, 18.2)");
        return false;
    }
    if (!open_socket(paths, &error)) {
        refuse(paths, error->message);
        return false;
    }
    ql_udp *udp = entry_at(paths, paths->sockets->len - 1)->udp;
    g_autofree char *local = ql_address_to_string(ql_udp_local(udp));
    ql_trace_note(paths->trace, "moving to %s: validating the new path", local);
    paths->move = MOVE_PREPARED;
    return true;
}

static void start_move(ql_paths *paths, ngtcp2_conn *quic, ngtcp2_tstamp now)
{
    if (paths->move == MOVE_WAITS && !prepare_move(paths, quic))
        return;
    guint newest = paths->sockets->len - 1;
    ngtcp2_path path = path_of_socket(paths, entry_at(paths, newest)->udp);
    int rv = ngtcp2_conn_initiate_migration(quic, &path, now);
    if (rv == 0) {
        paths->move = MOVE_PROBES;
        paths->started = now;
        log_move(paths, QL_QLOG_PROBING_STARTED);
        ql_remarks_add(paths->remarks, ql_udp_local(entry_at(paths, newest)->udp),
                       "migration: the client probes the path from another port of its own, with "
                       "another connection ID (RFC 9000, 9.1)");
    } else if (rv != NGTCP2_ERR_CONN_ID_BLOCKED) { /* else the server may still issue one */
        entry_at(paths, newest)->closes = now;
        refuse(paths, ngtcp2_strerror(rv));
    }
}

static void close_old_sockets(ql_paths *paths, ngtcp2_tstamp now)
{
    for (guint i = paths->sockets->len; i > 0; i--) {
        socket_entry *entry = entry_at(paths, i - 1);
        if (entry->closes > now)
            continue;
        ql_udp_free(entry->udp);
        g_array_remove_index(paths->sockets, i - 1);
        if (paths->sockets->len == 1 && paths->move == MOVE_DONE)
            log_move(paths, QL_QLOG_MIGRATION_COMPLETE);
    }
}

void ql_paths_tick(ql_paths *paths, ngtcp2_conn *quic, uint64_t content_bytes, ngtcp2_tstamp now)
{
    bool bytes_reached = paths->plan.move.bytes > 0 && content_bytes >= paths->plan.move.bytes;
    bool due = paths->move == MOVE_WAITS && (bytes_reached || paths->due <= now);
    if (paths->confirmed && (due || paths->move == MOVE_PREPARED))
        start_move(paths, quic, now);
    close_old_sockets(paths, now);
}

void ql_paths_on_handshake(ql_paths *paths, ngtcp2_tstamp now)
{
    if (paths->plan.move.duration > 0)
        paths->due = now + paths->plan.move.duration;
}

void ql_paths_on_confirmed(ql_paths *paths)
{
    paths->confirmed = true;
}

void ql_paths_on_validated(ql_paths *paths, const ngtcp2_path *path, bool good, ngtcp2_duration pto,
                           ngtcp2_tstamp now)
{
    ql_udp *udp = ql_paths_find(paths, &path->local);
    ql_udp *newest = entry_at(paths, paths->sockets->len - 1)->udp;
    if (paths->move != MOVE_PROBES || udp != newest)
        return;
    log_move(paths, good ? QL_QLOG_PROBING_SUCCESSFUL : QL_QLOG_PROBING_ABANDONED);
    if (!good) {
        entry_at(paths, paths->sockets->len - 1)->closes = now;
        refuse(paths, "no answer came on the new path (RFC 9000, 8.2.4)");
        return;
    }
    paths->move = MOVE_DONE;
    log_move(paths, QL_QLOG_MIGRATION_STARTED);
    ql_remarks_add(paths->remarks, ql_udp_local(udp),
                   "migration: the path is validated, and the client uses it from here on (RFC "
                   "9000, 9.2)");
    g_clear_pointer(&paths->refusal, g_free);
    /* What is still on its way to the old port comes within that time (RFC 9000, 9.6.2 has the same
     * for the server's side). */
    for (guint i = 0; i + 1 < paths->sockets->len; i++)
        entry_at(paths, i)->closes = now + 3 * pto;
    g_autofree char *local = ql_address_to_string(ql_udp_local(udp));
    ql_trace_note(paths->trace, "moved to %s: the path was validated in %.3f ms", local,
                  (double)(now - paths->started) / (double)NGTCP2_MILLISECONDS);
}

bool ql_paths_is_moving(const ql_paths *paths)
{
    return paths->move == MOVE_PROBES;
}

ngtcp2_tstamp ql_paths_expiry(const ql_paths *paths)
{
    ngtcp2_tstamp expiry = paths->move == MOVE_WAITS && paths->confirmed ? paths->due : NEVER;
    for (guint i = 0; i < paths->sockets->len; i++)
        expiry = MIN(expiry, entry_at(paths, i)->closes);
    return expiry;
}

const char *ql_paths_refusal(const ql_paths *paths)
{
    return paths->refusal;
}
