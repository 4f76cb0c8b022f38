/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_drill.h"

#include <glib.h>

struct ql_origin_drill {
    uint64_t content;          /* bytes */
    ngtcp2_tstamp handshake;   /* when it was completed; UINT64_MAX: it is not */
    ngtcp2_tstamp ticked;      /* what was due then is done, or waits for the client */
    ql_trigger update, retire; /* not set: never, or begun */
    bool asks;                 /* for IDs to be retired; it was not obeyed yet */
    uint64_t retired;          /* IDs, before it asked */
    const ql_origin_ids *ids;
    ql_origin_insertion *insertion;
};

ql_origin_drill *ql_origin_drill_new(const ql_origin_quic_settings *settings,
                                     const ql_origin_ids *ids, ql_origin_insertion *insertion)
{
    if (!ql_trigger_is_set(&settings->common.key_update) && !ql_trigger_is_set(&settings->retire))
        return NULL;
    ql_origin_drill *drill = g_new0(ql_origin_drill, 1);
    drill->handshake = UINT64_MAX;
    drill->update = settings->common.key_update;
    drill->retire = settings->retire;
    drill->ids = ids;
    drill->insertion = insertion;
    return drill;
}

void ql_origin_drill_free(ql_origin_drill *drill)
{
    g_free(drill);
}

void ql_origin_drill_handshake(ql_origin_drill *drill, ngtcp2_tstamp now)
{
    if (drill != NULL)
        drill->handshake = now;
}

void ql_origin_drill_content(ql_origin_drill *drill, size_t bytes)
{
    if (drill != NULL)
        drill->content += bytes;
}

static bool is_due(const ql_origin_drill *drill, const ql_trigger *trigger, ngtcp2_tstamp now)
{
    return drill->handshake != UINT64_MAX && ql_trigger_is_set(trigger) &&
           ql_trigger_is_due(trigger, drill->content, drill->handshake, now);
}

static void begin_retirement(ql_origin_drill *drill, ngtcp2_tstamp now)
{
    uint8_t frame[QL_ORIGIN_IDS_FRAME_BYTES];
    size_t length = ql_origin_ids_retirement(drill->ids, frame);
    drill->retire = (ql_trigger){ 0, 0 };
    drill->retired = ql_origin_ids_retired(drill->ids);
    drill->asks = length > 0;
    if (drill->asks)
        ql_origin_insertion_keep(drill->insertion, frame, length, now);
}

static void end_retirement(ql_origin_drill *drill)
{
    drill->asks = false;
    ql_origin_insertion_stop(drill->insertion);
}

void ql_origin_drill_tick(ql_origin_drill *drill, ngtcp2_conn *quic, ngtcp2_tstamp now)
{
    if (drill == NULL)
        return;
    drill->ticked = now;
    /* Before the client has confirmed the present keys, others are not allowed (RFC 9001, 6.1):
     * then it is tried again with what is sent next. */
    if (is_due(drill, &drill->update, now) && ngtcp2_conn_initiate_key_update(quic, now) == 0)
        drill->update = (ql_trigger){ 0, 0 };
    if (is_due(drill, &drill->retire, now))
        begin_retirement(drill, now);
    if (drill->asks && ql_origin_ids_retired(drill->ids) > drill->retired)
        end_retirement(drill);
}

static ngtcp2_tstamp expiry_of(const ql_origin_drill *drill, const ql_trigger *trigger)
{
    ngtcp2_tstamp expiry = ql_trigger_expiry(trigger, drill->handshake);
    return expiry > drill->ticked ? expiry : UINT64_MAX;
}

ngtcp2_tstamp ql_origin_drill_expiry(const ql_origin_drill *drill)
{
    if (drill == NULL)
        return UINT64_MAX;
    return MIN(expiry_of(drill, &drill->update), expiry_of(drill, &drill->retire));
}
