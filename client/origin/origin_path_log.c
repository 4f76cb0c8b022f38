/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_path_log.h"

#include "qlog_own_ids.h"

struct ql_origin_path_log {
    ql_qlog *qlog;
    ql_qlog_own_ids *own_ids;
    ngtcp2_path_storage current;
    bool moving; /* to the current path, which is not validated yet */
};

ql_origin_path_log *ql_origin_path_log_new(ql_qlog *qlog, const ngtcp2_path *path)
{
    ql_origin_path_log *log = g_new0(ql_origin_path_log, 1);
    log->qlog = qlog;
    log->own_ids = ql_qlog_own_ids_new();
    ngtcp2_path_storage_zero(&log->current);
    ngtcp2_path_copy(&log->current.path, path);
    return log;
}

void ql_origin_path_log_free(ql_origin_path_log *log)
{
    if (log == NULL)
        return;
    ql_qlog_own_ids_free(log->own_ids);
    g_free(log);
}

static void write_state(const ql_origin_path_log *log, ql_qlog_migration state,
                        const ngtcp2_path *path)
{
    const ql_address local = ql_address_from(path->local.addr, path->local.addrlen);
    const ql_address remote = ql_address_from(path->remote.addr, path->remote.addrlen);
    ql_qlog_migration_updated(log->qlog, state, &local, &remote);
}

void ql_origin_path_log_on_datagram(ql_origin_path_log *log, ngtcp2_conn *quic,
                                    const ql_udp_datagram *datagram)
{
    const ngtcp2_path *path = ngtcp2_conn_get_path(quic);
    ql_qlog_own_ids_note(log->own_ids, log->qlog, quic, datagram);
    if (ngtcp2_path_eq(&log->current.path, path))
        return;
    ngtcp2_path_copy(&log->current.path, path);
    log->moving = true;
    write_state(log, QL_QLOG_MIGRATION_STARTED, path);
}

void ql_origin_path_log_on_cid(ql_origin_path_log *log, const ngtcp2_cid *cid)
{
    ql_qlog_connection_id_updated(log->qlog, QL_QLOG_REMOTE, cid);
}

void ql_origin_path_log_on_challenge(ql_origin_path_log *log, const ngtcp2_path *path)
{
    write_state(log, QL_QLOG_PROBING_STARTED, path);
}

void ql_origin_path_log_on_validated(ql_origin_path_log *log, const ngtcp2_path *path,
                                     ngtcp2_path_validation_result outcome)
{
    if (outcome == NGTCP2_PATH_VALIDATION_RESULT_ABORTED)
        return;
    bool good = outcome == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS;
    write_state(log, good ? QL_QLOG_PROBING_SUCCESSFUL : QL_QLOG_PROBING_ABANDONED, path);
    if (!good || !log->moving || !ngtcp2_path_eq(&log->current.path, path))
        return;
    log->moving = false;
    write_state(log, QL_QLOG_MIGRATION_COMPLETE, path);
}
