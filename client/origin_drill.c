/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_drill.h"

#include <glib.h>

struct ql_origin_drill {
    uint64_t sent;           /* bytes of content */
    uint64_t update, retire; /* when, in such bytes; UINT64_MAX: never, or done */
    const ql_origin_ids *ids;
    ql_origin_insertion *insertion;
};

static uint64_t when(uint64_t bytes)
{
    return bytes > 0 ? bytes : UINT64_MAX;
}

ql_origin_drill *ql_origin_drill_new(const ql_origin_quic_settings *settings,
                                     const ql_origin_ids *ids, ql_origin_insertion *insertion)
{
    if (settings->key_update_after == 0 && settings->retire_after == 0)
        return NULL;
    ql_origin_drill *drill = g_new0(ql_origin_drill, 1);
    drill->update = when(settings->key_update_after);
    drill->retire = when(settings->retire_after);
    drill->ids = ids;
    drill->insertion = insertion;
    return drill;
}

void ql_origin_drill_free(ql_origin_drill *drill)
{
    g_free(drill);
}

void ql_origin_drill_count(ql_origin_drill *drill, ngtcp2_conn *quic, size_t bytes, uint64_t now)
{
    uint8_t frame[QL_ORIGIN_IDS_FRAME_BYTES];
    if (drill == NULL)
        return;
    drill->sent += bytes;
    /* Before the client has confirmed the present keys, others are not allowed (RFC 9001, 6.1):
     * then it is tried again with what is sent next. */
    if (drill->sent >= drill->update && ngtcp2_conn_initiate_key_update(quic, now) == 0)
        drill->update = UINT64_MAX;
    if (drill->sent >= drill->retire && ngtcp2_conn_get_handshake_completed2(quic) != 0) {
        size_t length = ql_origin_ids_retirement(drill->ids, frame);
        if (length > 0)
            ql_origin_insertion_add(drill->insertion, frame, length);
        drill->retire = UINT64_MAX;
    }
}
