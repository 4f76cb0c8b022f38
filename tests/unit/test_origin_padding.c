/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_padding.h"

#include <glib.h>
#include <string.h>

/* Frames, and the length of what is no padding behind them. */
static const struct {
    const char *name;
    uint8_t bytes[40];
    size_t length, start;
} cases[] = {
    { "only padding", { 0 }, 9, 0 },
    { "ping", { 0x01, 0, 0 }, 3, 1 },
    { "padding ahead of a ping", { 0, 0, 0x01 }, 3, 3 },
    { "ack", { 0x02, 5, 0, 1, 0, 2, 3, 0, 0 }, 9, 7 },
    { "ack with counts", { 0x03, 5, 0, 0, 0, 1, 0, 0, 0, 0 }, 10, 8 },
    { "crypto", { 0x06, 0, 2, 0, 0, 0, 0 }, 7, 5 },
    { "new token", { 0x07, 3, 0, 0, 0, 0 }, 6, 5 },
    { "stream that ends in zeros", { 0x0e, 4, 9, 3, 0, 0, 0, 0, 0 }, 9, 7 },
    { "stream to the end", { 0x0c, 4, 9, 1, 0, 0, 0 }, 7, 7 },
    { "long numbers", { 0x10, 0x80, 0, 0, 0, 0, 0 }, 7, 5 },
    { "new connection id", { 0x18, 1, 0, 4, 1, 2, 3, 4, [23] = 0 }, 30, 24 },
    { "challenge", { 0x1a, 0 }, 12, 9 },
    { "two frames", { 0x01, 0x13, 7, 0, 0 }, 5, 3 },
    { "close", { 0x1d, 0x41, 0x00, 1, 'x', 0 }, 6, 5 },
    { "unknown", { 0x40, 0x52, 0, 0 }, 4, 4 },
    { "cut off", { 0x06, 0, 20, 0, 0 }, 5, 5 },
};

static void test_the_frames_are_measured(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_autofree uint8_t *exact = g_memdup2(cases[i].bytes, cases[i].length);
        g_assert_cmpuint(ql_origin_padding_start(exact, cases[i].length), ==, cases[i].start);
    }
}

static void test_nothing_is_nothing(void)
{
    g_assert_cmpuint(ql_origin_padding_start((const uint8_t *)"", 0), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin-padding/frames", test_the_frames_are_measured);
    g_test_add_func("/origin-padding/nothing", test_nothing_is_nothing);
    return g_test_run();
}
