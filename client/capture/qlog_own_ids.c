/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qlog_own_ids.h"

#include <string.h>

#define LONG_HEADER     0x80 /* RFC 9000, 17.2 */
#define OWN_IDS_AT_MOST 32

struct ql_qlog_own_ids {
    GArray *seen; /* ngtcp2_cid: ours that packets have carried; empty: only the first */
};

ql_qlog_own_ids *ql_qlog_own_ids_new(void)
{
    ql_qlog_own_ids *ids = g_new0(ql_qlog_own_ids, 1);
    ids->seen = g_array_new(FALSE, FALSE, sizeof(ngtcp2_cid));
    return ids;
}

void ql_qlog_own_ids_free(ql_qlog_own_ids *ids)
{
    if (ids == NULL)
        return;
    g_array_unref(ids->seen);
    g_free(ids);
}

static bool contains(const ngtcp2_cid *list, size_t count, const ngtcp2_cid *cid)
{
    for (size_t i = 0; i < count; i++)
        if (ngtcp2_cid_eq(&list[i], cid))
            return true;
    return false;
}

/* What is none of ours has come from elsewhere; what was used before is late. */
void ql_qlog_own_ids_note(ql_qlog_own_ids *ids, ql_qlog *qlog, ngtcp2_conn *quic,
                          const ql_udp_datagram *datagram)
{
    const uint8_t *data = datagram->data;
    const ngtcp2_cid *now = ql_qlog_connection_id(qlog, QL_QLOG_LOCAL);
    ngtcp2_cid seen, own[OWN_IDS_AT_MOST];
    if (now == NULL || datagram->length <= now->datalen || (data[0] & LONG_HEADER) != 0 ||
        memcmp(data + 1, now->data, now->datalen) == 0)
        return;
    ngtcp2_cid_init(&seen, data + 1, now->datalen);
    size_t count = ngtcp2_conn_get_scid(quic, NULL);
    if (count > OWN_IDS_AT_MOST ||
        contains((const ngtcp2_cid *)(void *)ids->seen->data, ids->seen->len, &seen))
        return;
    count = ngtcp2_conn_get_scid(quic, own);
    if (!contains(own, count, &seen))
        return;
    if (ids->seen->len == 0)
        g_array_append_vals(ids->seen, now, 1);
    g_array_append_val(ids->seen, seen);
    ql_qlog_connection_id_updated(qlog, QL_QLOG_LOCAL, &seen);
}
