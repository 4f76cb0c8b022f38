/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/kept_bodies.h"

#include <epan/prefs.h>
#include <epan/tap.h>

#define TAPS_MAX 4

static struct {
    unsigned mebibytes;
    int taps[TAPS_MAX];
    unsigned tap_count;
    bool hashes_shown;
} bodies = { .mebibytes = 64 };

void ql_kept_bodies_register(void)
{
    prefs_register_uint_preference(
        prefs_find_module("quiclens"), "keep_bodies", "Keep bodies, up to (MiB)",
        "The content of requests and responses, for following an HTTP/3 stream and for exporting "
        "objects. This much is kept of a capture; further content is counted only. With 0 nothing "
        "is kept.",
        10, &bodies.mebibytes);
}

void ql_kept_bodies_for(int tap)
{
    g_assert(bodies.tap_count < TAPS_MAX);
    bodies.taps[bodies.tap_count++] = tap;
}

void ql_kept_bodies_show_hashes(void)
{
    bodies.hashes_shown = true;
}

bool ql_kept_bodies_are_hashed(void)
{
    return bodies.hashes_shown || !ql_host_is_tshark();
}

static bool somebody_may_ask(void)
{
    if (!ql_host_is_tshark())
        return true;
    for (unsigned i = 0; i < bodies.tap_count; i++)
        if (have_tap_listener(bodies.taps[i]))
            return true;
    return false;
}

uint64_t ql_kept_bodies_cap(void)
{
    return somebody_may_ask() ? (uint64_t)bodies.mebibytes << 20 : 0;
}
