/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_sender.h"

#include <string.h>

struct ql_origin_sender {
    ql_origin_sockets *sockets;
    ql_address from, to;
    uint8_t ecn;
    size_t segment;
    GByteArray *kept; /* empty: nothing is */
};

ql_origin_sender *ql_origin_sender_new(ql_origin_sockets *sockets)
{
    ql_origin_sender *sender = g_new0(ql_origin_sender, 1);
    sender->sockets = sockets;
    sender->kept = g_byte_array_new();
    return sender;
}

void ql_origin_sender_free(ql_origin_sender *sender)
{
    if (sender == NULL)
        return;
    g_byte_array_unref(sender->kept);
    g_free(sender);
}

/* How many bytes the socket took: whole packets. */
static size_t hand_over(const ql_origin_sender *sender, const uint8_t *data, size_t length)
{
    ql_udp_batch batch = { .from = &sender->from,
                           .to = &sender->to,
                           .ecn = sender->ecn,
                           .data = data,
                           .length = length,
                           .segment = sender->segment };
    return ql_origin_sockets_send(sender->sockets, &batch);
}

void ql_origin_sender_send(ql_origin_sender *sender, const ngtcp2_path *path, uint8_t ecn,
                           const uint8_t *data, size_t length, size_t segment)
{
    g_byte_array_set_size(sender->kept, 0);
    sender->from = ql_address_from(path->local.addr, path->local.addrlen);
    sender->to = ql_address_from(path->remote.addr, path->remote.addrlen);
    sender->ecn = ecn;
    sender->segment = segment;
    size_t sent = hand_over(sender, data, length);
    if (sent < length)
        g_byte_array_append(sender->kept, data + sent, (guint)(length - sent));
}

bool ql_origin_sender_flush(ql_origin_sender *sender)
{
    if (sender->kept->len > 0) {
        size_t sent = hand_over(sender, sender->kept->data, sender->kept->len);
        if (sent > 0)
            g_byte_array_remove_range(sender->kept, 0, (guint)sent);
    }
    return sender->kept->len == 0;
}

bool ql_origin_sender_is_blocked(const ql_origin_sender *sender)
{
    return sender->kept->len > 0;
}
