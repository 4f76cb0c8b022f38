/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path.h"

#include <netinet/in.h>

#define NEVER UINT64_MAX

typedef enum action_kind {
    ACTION_ROTATE,
    ACTION_PROBE,
    ACTION_REBIND,
    ACTION_MOVE,
    ACTION_PREFERRED, /* begun by the server */
    ACTION_COUNT,
} action_kind;

typedef enum action_state {
    ACTION_IDLE,     /* not asked for */
    ACTION_WAITS,    /* for its time */
    ACTION_PREPARED, /* there is a path, but no connection ID for it yet */
    ACTION_RUNS,     /* the path is being validated */
    ACTION_RETURNS,  /* it was; now back to the old one */
    ACTION_DONE,
    ACTION_REFUSED,
} action_state;

typedef struct action {
    ql_trigger trigger;
    action_state state;
    char *refusal; /* why it did not happen; NULL: it did */
} action;

static const struct {
    const char *what; /* "did not ..." */
    const char *remark;
} kinds[ACTION_COUNT] = {
    [ACTION_ROTATE] = { "change the connection ID",
                        "rotation: the client tries another connection ID of the server's on the "
                        "same path (RFC 9000, 5.1.2)" },
    [ACTION_PROBE] = { "probe another path",
                       "probe: the client validates the path from another address of its own, and "
                       "does not move (RFC 9000, 9.1)" },
    [ACTION_REBIND] = { "take another port",
                        "rebinding: the client sends from another port, as behind a NAT, and says "
                        "nothing of it (RFC 9000, 9.3)" },
    [ACTION_MOVE] = { "move to another port",
                      "migration: the client probes the path from another port of its own, with "
                      "another connection ID (RFC 9000, 9.1)" },
    [ACTION_PREFERRED] = { "follow the server to its preferred address",
                           "preferred address: the client validates the path to where the server "
                           "would rather be (RFC 9000, 9.6)" },
};

struct ql_paths {
    ql_path_sockets *sockets;
    ql_udp *current;
    ql_path_plan plan;
    action actions[ACTION_COUNT];
    ql_udp *tried; /* by what is going on; the current one where only the name is another */
    ql_address tried_name;
    ngtcp2_tstamp handshake, started;
    bool confirmed;
    ql_trace *trace;
    ql_qlog *qlog;
    ql_remarks *remarks;
};

ql_path_plan ql_path_plan_of_later(const ql_path_plan *plan)
{
    return (ql_path_plan){ .stay = plan->stay, .no_gso = plan->no_gso };
}

static void set_refusal(action *a, action_kind kind, const char *why)
{
    g_free(a->refusal);
    a->refusal = g_strdup_printf("did not %s: %s", kinds[kind].what, why);
}

ql_paths *ql_paths_new(const ql_address *remote, const ql_path_plan *plan, ql_trace *trace,
                       GError **error)
{
    ql_paths *paths = g_new0(ql_paths, 1);
    paths->plan = *plan;
    paths->trace = trace;
    paths->handshake = NEVER;
    paths->actions[ACTION_ROTATE].trigger = plan->rotate;
    paths->actions[ACTION_PROBE].trigger = plan->probe;
    paths->actions[ACTION_REBIND].trigger = plan->rebind;
    paths->actions[ACTION_MOVE].trigger = plan->move;
    for (action_kind kind = 0; kind < ACTION_COUNT; kind++) {
        action *a = &paths->actions[kind];
        if (!ql_trigger_is_set(&a->trigger))
            continue;
        a->state = ACTION_WAITS;
        set_refusal(a, kind, "the transfer was over before");
    }
    paths->sockets = ql_path_sockets_new(!plan->no_gso);
    paths->current = ql_path_sockets_open(paths->sockets, remote, &plan->local, error);
    if (paths->current != NULL)
        return paths;
    ql_paths_free(paths);
    return NULL;
}

void ql_paths_free(ql_paths *paths)
{
    if (paths == NULL)
        return;
    for (action_kind kind = 0; kind < ACTION_COUNT; kind++)
        g_free(paths->actions[kind].refusal);
    ql_path_sockets_free(paths->sockets);
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

const ql_path_sockets *ql_paths_sockets(const ql_paths *paths)
{
    return paths->sockets;
}

ql_udp *ql_paths_current(const ql_paths *paths)
{
    return paths->current;
}

static void log_move(const ql_paths *paths, const ql_udp *udp, ql_qlog_migration state)
{
    ql_qlog_migration_updated(paths->qlog, state, ql_udp_local(udp), ql_udp_remote(udp));
}

static void refuse(ql_paths *paths, action_kind kind, const char *why)
{
    action *a = &paths->actions[kind];
    a->state = ACTION_REFUSED;
    set_refusal(a, kind, why);
    ql_trace_note(paths->trace, "%s", a->refusal);
    if (paths->tried != NULL && paths->tried != paths->current)
        ql_path_sockets_retire(paths->sockets, paths->tried, 0);
    paths->tried = NULL;
}

static void finish(ql_paths *paths, action_kind kind)
{
    action *a = &paths->actions[kind];
    a->state = ACTION_DONE;
    g_clear_pointer(&a->refusal, g_free);
    paths->tried = NULL;
}

/* What is going on; ACTION_COUNT: nothing. */
static action_kind under_way(const ql_paths *paths)
{
    for (action_kind kind = 0; kind < ACTION_COUNT; kind++) {
        action_state state = paths->actions[kind].state;
        if (state == ACTION_PREPARED || state == ACTION_RUNS || state == ACTION_RETURNS)
            return kind;
    }
    return ACTION_COUNT;
}

/* A new socket under the old name. What is on its way to the old one is lost. */
static void rebind(ql_paths *paths)
{
    g_autoptr(GError) error = NULL;
    ql_local_end local = paths->plan.local;
    local.address = *ql_udp_local(paths->current);
    ql_udp *udp =
        ql_path_sockets_open(paths->sockets, ql_udp_remote(paths->current), &local, &error);
    if (udp == NULL) {
        refuse(paths, ACTION_REBIND, error->message);
        return;
    }
    ql_path_sockets_replace(paths->sockets, paths->current, udp);
    paths->current = udp;
    finish(paths, ACTION_REBIND);
    ql_remarks_add(paths->remarks, ql_udp_local(udp), "%s", kinds[ACTION_REBIND].remark);
    g_autofree char *text = ql_address_to_string(ql_udp_local(udp));
    ql_trace_note(paths->trace, "sending from %s from now on, without a word (rebinding)", text);
}

/* The path on which the connection ID that comes next is to be tried. */
static bool prepare(ql_paths *paths, ngtcp2_conn *quic, action_kind kind)
{
    const ngtcp2_transport_params *peer = ngtcp2_conn_get_remote_transport_params(quic);
    const ql_local_end *other =
        paths->plan.other.address.length > 0 ? &paths->plan.other : &paths->plan.local;
    g_autoptr(GError) error = NULL;
    if (peer != NULL && peer->disable_active_migration) {
        refuse(paths, kind, "the server forbids it (disable_active_migration, RFC 9000, 18.2)");
        return false;
    }
    if (kind == ACTION_ROTATE) {
        paths->tried = paths->current;
        paths->tried_name = ql_path_sockets_alias(paths->sockets, paths->current);
        ql_trace_note(paths->trace, "taking another connection ID on the same path");
        return true;
    }
    paths->tried =
        ql_path_sockets_open(paths->sockets, ql_udp_remote(paths->current), other, &error);
    if (paths->tried == NULL) {
        refuse(paths, kind, error->message);
        return false;
    }
    paths->tried_name = *ql_udp_local(paths->tried);
    g_autofree char *local = ql_address_to_string(ql_udp_local(paths->tried));
    ql_trace_note(paths->trace, "%s %s: validating the new path",
                  kind == ACTION_MOVE ? "moving to" : "probing the path from", local);
    return true;
}

static void begin(ql_paths *paths, ngtcp2_conn *quic, action_kind kind, ngtcp2_tstamp now)
{
    action *a = &paths->actions[kind];
    if (a->state == ACTION_WAITS && !prepare(paths, quic, kind))
        return;
    a->state = ACTION_PREPARED;
    ngtcp2_path path = ql_path_sockets_path(paths->sockets, paths->tried);
    path.local.addr = (ngtcp2_sockaddr *)&paths->tried_name.storage;
    path.local.addrlen = paths->tried_name.length;
    int rv = ngtcp2_conn_initiate_migration(quic, &path, now);
    if (rv == 0) {
        a->state = ACTION_RUNS;
        paths->started = now;
        if (kind != ACTION_ROTATE)
            log_move(paths, paths->tried, QL_QLOG_PROBING_STARTED);
        ql_remarks_add(paths->remarks, ql_udp_local(paths->tried), "%s", kinds[kind].remark);
    } else if (rv != NGTCP2_ERR_CONN_ID_BLOCKED) { /* else the server may still issue one */
        refuse(paths, kind, ngtcp2_strerror(rv));
    }
}

/* After a probe ngtcp2 has moved. It goes back, with one more connection ID, before anything but
 * the probe was sent from there. */
static void go_back(ql_paths *paths, ngtcp2_conn *quic, ngtcp2_tstamp now)
{
    ngtcp2_path path = ql_path_sockets_path(paths->sockets, paths->current);
    int rv = ngtcp2_conn_initiate_immediate_migration(quic, &path, now);
    if (rv == NGTCP2_ERR_CONN_ID_BLOCKED)
        return;
    ql_path_sockets_retire(paths->sockets, paths->tried, now + 3 * ngtcp2_conn_get_pto(quic));
    if (rv == 0)
        finish(paths, ACTION_PROBE);
    else
        refuse(paths, ACTION_PROBE, ngtcp2_strerror(rv));
}

void ql_paths_tick(ql_paths *paths, ngtcp2_conn *quic, uint64_t content_bytes, ngtcp2_tstamp now)
{
    action_kind going = under_way(paths);
    for (action_kind kind = 0; going == ACTION_COUNT && paths->confirmed && kind < ACTION_COUNT;
         kind++) {
        const action *a = &paths->actions[kind];
        if (a->state == ACTION_WAITS &&
            ql_trigger_is_due(&a->trigger, content_bytes, paths->handshake, now))
            going = kind;
    }
    if (going == ACTION_REBIND)
        rebind(paths);
    else if (going != ACTION_COUNT && paths->actions[going].state == ACTION_RETURNS)
        go_back(paths, quic, now);
    else if (going != ACTION_COUNT && paths->actions[going].state != ACTION_RUNS)
        begin(paths, quic, going, now);
    bool moved = paths->actions[ACTION_MOVE].state == ACTION_DONE ||
                 paths->actions[ACTION_PREFERRED].state == ACTION_DONE;
    if (ql_path_sockets_tick(paths->sockets, now) && moved &&
        ql_path_sockets_count(paths->sockets) == 1)
        log_move(paths, paths->current, QL_QLOG_MIGRATION_COMPLETE);
}

void ql_paths_on_handshake(ql_paths *paths, ngtcp2_tstamp now)
{
    paths->handshake = now;
}

void ql_paths_on_confirmed(ql_paths *paths)
{
    paths->confirmed = true;
}

static void on_moved(ql_paths *paths, action_kind kind, ngtcp2_duration pto, ngtcp2_tstamp now)
{
    g_autofree char *local = ql_address_to_string(ql_udp_local(paths->tried));
    g_autofree char *remote = ql_address_to_string(ql_udp_remote(paths->tried));
    log_move(paths, paths->tried, QL_QLOG_MIGRATION_STARTED);
    ql_remarks_add(paths->remarks, ql_udp_local(paths->tried),
                   "migration: the path is validated, and the client uses it from here on (RFC "
                   "9000, 9.2)");
    ql_trace_note(paths->trace, "moved to %s: the path was validated in %.3f ms",
                  kind == ACTION_MOVE ? local : remote,
                  (double)(now - paths->started) / (double)NGTCP2_MILLISECONDS);
    /* What is still on its way to the old port comes within that time (RFC 9000, 9.6.2 has the same
     * for the server's side). */
    paths->current = paths->tried;
    ql_path_sockets_retire_others(paths->sockets, paths->current, now + 3 * pto);
    finish(paths, kind);
}

void ql_paths_on_validated(ql_paths *paths, const ngtcp2_path *path, bool good, ngtcp2_duration pto,
                           ngtcp2_tstamp now)
{
    action_kind kind = under_way(paths);
    ql_address name = ql_address_from(path->local.addr, path->local.addrlen);
    if (kind == ACTION_COUNT || paths->actions[kind].state != ACTION_RUNS ||
        !ql_address_equal(&name, &paths->tried_name))
        return;
    if (kind != ACTION_ROTATE)
        log_move(paths, paths->tried,
                 good ? QL_QLOG_PROBING_SUCCESSFUL : QL_QLOG_PROBING_ABANDONED);
    if (!good) {
        refuse(paths, kind, "no answer came on the new path (RFC 9000, 8.2.4)");
    } else if (kind == ACTION_ROTATE) {
        ql_path_sockets_adopt(paths->sockets, paths->tried, &name);
        finish(paths, kind);
    } else if (kind == ACTION_PROBE) {
        paths->actions[kind].state = ACTION_RETURNS;
        ql_trace_note(paths->trace, "the probed path works, within %.3f ms",
                      (double)(now - paths->started) / (double)NGTCP2_MILLISECONDS);
    } else {
        on_moved(paths, kind, pto, now);
    }
}

/* Of the server's two, that of the family of now. */
static bool choose_preferred(const ql_paths *paths, const ngtcp2_preferred_addr *address,
                             ql_address *chosen)
{
    bool ipv6 = ql_udp_remote(paths->current)->storage.ss_family == AF_INET6;
    if (ipv6 ? !address->ipv6_present : !address->ipv4_present)
        return false;
    *chosen = ipv6 ? ql_address_from((const struct sockaddr *)&address->ipv6, sizeof address->ipv6)
                   : ql_address_from((const struct sockaddr *)&address->ipv4, sizeof address->ipv4);
    return true;
}

void ql_paths_on_preferred_address(ql_paths *paths, const ngtcp2_preferred_addr *address,
                                   ngtcp2_path *path, ngtcp2_tstamp now)
{
    ql_address remote;
    g_autoptr(GError) error = NULL;
    if (!choose_preferred(paths, address, &remote))
        return;
    g_autofree char *text = ql_address_to_string(&remote);
    ql_trace_note(paths->trace, "the server would rather be at %s%s", text,
                  paths->plan.stay ? "; we stay here" : ": validating the path");
    if (paths->plan.stay)
        return;
    paths->tried = ql_path_sockets_open(paths->sockets, &remote, &paths->plan.local, &error);
    if (paths->tried == NULL) {
        refuse(paths, ACTION_PREFERRED, error->message);
        return;
    }
    paths->tried_name = *ql_udp_local(paths->tried);
    paths->started = now;
    paths->actions[ACTION_PREFERRED].state = ACTION_RUNS;
    ngtcp2_path chosen = ql_path_sockets_path(paths->sockets, paths->tried);
    ngtcp2_path_copy(path, &chosen);
    log_move(paths, paths->tried, QL_QLOG_PROBING_STARTED);
    ql_remarks_add(paths->remarks, ql_udp_local(paths->tried), "%s",
                   kinds[ACTION_PREFERRED].remark);
}

bool ql_paths_are_busy(const ql_paths *paths)
{
    action_kind kind = under_way(paths);
    return kind != ACTION_COUNT && paths->actions[kind].state != ACTION_PREPARED;
}

ngtcp2_tstamp ql_paths_expiry(const ql_paths *paths)
{
    ngtcp2_tstamp expiry = ql_path_sockets_expiry(paths->sockets);
    bool free = paths->confirmed && under_way(paths) == ACTION_COUNT;
    for (action_kind kind = 0; free && kind < ACTION_COUNT; kind++) {
        const action *a = &paths->actions[kind];
        if (a->state == ACTION_WAITS)
            expiry = MIN(expiry, ql_trigger_expiry(&a->trigger, paths->handshake));
    }
    return expiry;
}

void ql_paths_add_refusals(const ql_paths *paths, GPtrArray *sentences)
{
    for (action_kind kind = 0; kind < ACTION_COUNT; kind++)
        if (paths->actions[kind].refusal != NULL)
            g_ptr_array_add(sentences, g_strdup(paths->actions[kind].refusal));
}
