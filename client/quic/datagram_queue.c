/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "datagram_queue.h"

#include <glib.h>

struct ql_datagram_queue {
    GQueue waiting; /* GBytes */
};

static void free_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

ql_datagram_queue *ql_datagram_queue_new(void)
{
    ql_datagram_queue *datagrams = g_new0(ql_datagram_queue, 1);
    g_queue_init(&datagrams->waiting);
    return datagrams;
}

void ql_datagram_queue_free(ql_datagram_queue *datagrams)
{
    if (datagrams == NULL)
        return;
    g_queue_clear_full(&datagrams->waiting, free_bytes);
    g_free(datagrams);
}

void ql_datagram_queue_add(ql_datagram_queue *datagrams, const uint8_t *data, size_t length)
{
    if (datagrams->waiting.length < QL_DATAGRAM_QUEUE_MAX)
        g_queue_push_tail(&datagrams->waiting, g_bytes_new(data, length));
}

size_t ql_datagram_queue_waiting(const ql_datagram_queue *datagrams)
{
    return datagrams->waiting.length;
}

/* What a packet has beside the content of a datagram, at the most: header, frame header, tag. */
#define OVERHEAD_BYTES 64u

/* It is lost, as datagrams may be, where the client takes none of this size, or the path does not.
 */
static bool is_refused(ngtcp2_conn *quic, gsize length, ngtcp2_ssize outcome)
{
    return outcome == NGTCP2_ERR_INVALID_ARGUMENT || outcome == NGTCP2_ERR_INVALID_STATE ||
           (outcome == 0 &&
            length + OVERHEAD_BYTES > ngtcp2_conn_get_path_max_tx_udp_payload_size2(quic));
}

ngtcp2_ssize ql_datagram_queue_write(ql_datagram_queue *datagrams, ngtcp2_conn *quic,
                                     ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *packet,
                                     size_t capacity, ngtcp2_tstamp now)
{
    ngtcp2_ssize result = NGTCP2_ERR_NOBUF;
    GBytes *next;
    while ((next = g_queue_peek_head(&datagrams->waiting)) != NULL) {
        gsize length;
        const void *data = g_bytes_get_data(next, &length);
        const ngtcp2_vec vector = { (uint8_t *)(uintptr_t)data, length };
        int accepted = 0;
        ngtcp2_ssize outcome =
            ngtcp2_conn_writev_datagram(quic, path, info, packet, capacity, &accepted,
                                        NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &vector, 1, now);
        bool refused = is_refused(quic, length, outcome);
        if (accepted != 0 || refused)
            g_bytes_unref(g_queue_pop_head(&datagrams->waiting));
        if (!refused)
            result = outcome;
        if (!refused && outcome != NGTCP2_ERR_WRITE_MORE)
            break;
    }
    return result;
}
