/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/qpack_decoder_stream.h"

#include "hex.h"

static void test_instructions(void)
{
    static const struct {
        const char *wire;
        bool accepted;
    } cases[] = {
        { "", true },
        { "84", true },   /* Section Acknowledgment of stream 4 */
        { "80", true },   /* of stream 0 */
        { "40", true },   /* Stream Cancellation of stream 0 */
        { "01", true },   /* Insert Count Increment of 1 */
        { "00", false },  /* of 0 */
        { "3f00", true }, /* of 63 */
        { "ff00 7f00 3f8001", true },
        { "84 00", false },
        { "ff ffffffffffffffff7f", true },
        { "ff ffffffffffffffffffff7f", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = hex(cases[i].wire);
        ql_slice all = slice_of(bytes);
        ql_qpack_decoder_stream whole = { 0 }, cut = { 0 };
        unsigned faults = 0;
        g_test_message("%s", cases[i].wire);
        g_assert_cmpint(ql_qpack_decoder_stream_read(&whole, all) == NULL, ==, cases[i].accepted);
        for (size_t at = 0; at < all.length; at++)
            faults += ql_qpack_decoder_stream_read(&cut, (ql_slice){ all.data + at, 1 }) != NULL;
        g_assert_cmpuint(faults, ==, cases[i].accepted ? 0 : 1);
    }
}

static void test_told_once(void)
{
    static const uint8_t zeros[] = { 0, 0 };
    ql_qpack_decoder_stream stream = { 0 };
    g_assert_nonnull(ql_qpack_decoder_stream_read(&stream, (ql_slice){ zeros, 2 }));
    g_assert_null(ql_qpack_decoder_stream_read(&stream, (ql_slice){ zeros, 2 }));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qpack_decoder_stream/instructions are held against the rules",
                    test_instructions);
    g_test_add_func("/qpack_decoder_stream/what is wrong is told once", test_told_once);
    return g_test_run();
}
