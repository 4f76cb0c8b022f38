/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/plaintext_source.h"

#include <epan/prefs.h>

#include <string.h>

static struct {
    unsigned mebibytes;
} kept = { .mebibytes = 32 };

void ql_plaintext_source_register(void)
{
    prefs_register_uint_preference(
        prefs_find_module("quiclens"), "keep_packets", "Keep opened packets, up to (MiB)",
        "Packets that quiclens opens and Wireshark does not are shown with their frames and bytes. "
        "This much of the newest of them is kept. With 0 nothing is kept.",
        10, &kept.mebibytes);
}

uint64_t ql_plaintext_source_cap(void)
{
    return (uint64_t)kept.mebibytes << 20;
}

/* Wireshark's QUIC dissector makes a byte view of each packet that it decrypts, whether anybody
 * looks or not. Comparing lengths nearly always settles it. */
bool ql_plaintext_source_has(const packet_info *pinfo, ql_slice payload)
{
    int length = (int)payload.length;
    for (const GSList *item = pinfo->data_src; item != NULL; item = item->next) {
        tvbuff_t *tvb = get_data_source_tvb(item->data);
        if ((int)tvb_captured_length(tvb) == length &&
            tvb_memeql(tvb, 0, payload.data, payload.length) == 0)
            return true;
    }
    return false;
}
