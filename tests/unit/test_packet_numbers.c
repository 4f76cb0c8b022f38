/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/packet_numbers.h"

static void test_decode_of_rfc(void)
{
    /* RFC 9000, A.3 */
    ql_packet_numbers numbers = { .any = true, .largest = 0xa82f30ea };
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0x9b32, 2), ==, 0xa82f9b32);
}

static void test_decode_first(void)
{
    ql_packet_numbers numbers = { 0 };
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0, 1), ==, 0);
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 200, 1), ==, 200);
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0xffffffff, 4), ==, 0xffffffff);
}

static void test_decode_windows(void)
{
    ql_packet_numbers numbers = { .any = true, .largest = 255 };
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0, 1), ==, 256);
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 255, 1), ==, 255);
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0x80, 1), ==, 0x180);
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0x81, 1), ==, 0x81);
    numbers.largest = 300;
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 250, 1), ==, 250);
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 60, 1), ==, 316);
}

static void test_decode_near_the_end(void)
{
    const uint64_t end = (UINT64_C(1) << 62) - 1;
    ql_packet_numbers numbers = { .any = true, .largest = end };
    g_assert_cmpuint(ql_packet_number_decode(&numbers, 0xff, 1), ==, end);
}

/* Behind a gap, and where nothing was opened, an acknowledgement tells where the numbers stand. */
static void test_guess(void)
{
    uint64_t guesses[2];
    ql_packet_numbers numbers = { 0 };
    g_assert_cmpuint(ql_packet_number_guess(&numbers, 0x12, 1, guesses), ==, 1);
    g_assert_cmpuint(guesses[0], ==, 0x12);
    g_assert_true(ql_packet_numbers_ack(&numbers, 0x123410));
    g_assert_false(ql_packet_numbers_ack(&numbers, 0x123400));
    g_assert_cmpuint(ql_packet_number_guess(&numbers, 0x12, 1, guesses), ==, 2);
    g_assert_cmpuint(guesses[0], ==, 0x12);
    g_assert_cmpuint(guesses[1], ==, 0x123412);
    g_assert_true(ql_packet_numbers_add(&numbers, 0x123412));
    g_assert_cmpuint(ql_packet_number_guess(&numbers, 0x13, 1, guesses), ==, 1);
    g_assert_cmpuint(guesses[0], ==, 0x123413);
    g_assert_false(ql_packet_numbers_ack(&numbers, 0x567810));
    g_assert_cmpuint(ql_packet_number_guess(&numbers, 0x13, 1, guesses), ==, 2);
    g_assert_cmpuint(guesses[0], ==, 0x123413);
    g_assert_cmpuint(guesses[1], ==, 0x567813);
    ql_packet_numbers_clear(&numbers);
}

/* Whatever is sent near the largest comes out again, for each length that has room for it. */
static void test_decode_round_trip(void)
{
    for (uint8_t length = 1; length <= 4; length++) {
        uint64_t half = UINT64_C(1) << (8 * length - 1);
        for (unsigned i = 0; i < 2000; i++) {
            uint64_t largest = (uint64_t)g_random_int() << 20 | g_random_int();
            uint64_t distance = g_random_int() % half;
            uint64_t number = largest + 1 + distance;
            if (i % 2 == 1 && largest > distance)
                number = largest - distance + 1;
            ql_packet_numbers numbers = { .any = true, .largest = largest };
            uint32_t truncated = (uint32_t)(number & (2 * half - 1));
            g_assert_cmpuint(ql_packet_number_decode(&numbers, truncated, length), ==, number);
        }
    }
}

static void test_add(void)
{
    ql_packet_numbers numbers = { 0 };
    g_assert_true(ql_packet_numbers_add(&numbers, 5));
    g_assert_true(numbers.any);
    g_assert_cmpuint(numbers.largest, ==, 5);
    g_assert_true(ql_packet_numbers_add(&numbers, 3));
    g_assert_cmpuint(numbers.largest, ==, 5);
    g_assert_true(ql_packet_numbers_add(&numbers, 4));
    g_assert_false(ql_packet_numbers_add(&numbers, 3));
    g_assert_false(ql_packet_numbers_add(&numbers, 4));
    g_assert_false(ql_packet_numbers_add(&numbers, 5));
    g_assert_true(ql_packet_numbers_add(&numbers, 2));
    g_assert_true(ql_packet_numbers_add(&numbers, 6));
    g_assert_cmpuint(numbers.runs->len, ==, 1);
    ql_packet_numbers_clear(&numbers);
    g_assert_false(numbers.any);
    g_assert_true(ql_packet_numbers_add(&numbers, 5));
    ql_packet_numbers_clear(&numbers);
}

/* Held against a plain set. */
static void test_add_in_any_order(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    ql_packet_numbers numbers = { 0 };
    for (unsigned i = 0; i < 20000; i++) {
        unsigned number = g_random_int() % 2000;
        bool fresh = g_hash_table_add(seen, GUINT_TO_POINTER(number + 1));
        g_assert_cmpint(ql_packet_numbers_add(&numbers, number), ==, fresh);
    }
    ql_packet_numbers_clear(&numbers);
}

static void test_complete(void)
{
    ql_packet_numbers numbers = { 0 };
    g_assert_false(ql_packet_numbers_complete(&numbers, 0));
    for (uint64_t number = 3; number <= 6; number++)
        ql_packet_numbers_add(&numbers, number);
    ql_packet_numbers_add(&numbers, 8);
    g_assert_true(ql_packet_numbers_complete(&numbers, 8));
    g_assert_false(ql_packet_numbers_complete(&numbers, 9));
    g_assert_false(ql_packet_numbers_complete(&numbers, 4));
    ql_packet_numbers_add(&numbers, 7);
    g_assert_true(ql_packet_numbers_complete(&numbers, 3));
    g_assert_false(ql_packet_numbers_complete(&numbers, 2));
    ql_packet_numbers_clear(&numbers);
}

static void test_cap(void)
{
    ql_packet_numbers numbers = { 0 };
    for (uint64_t i = 0; i < 3 * QL_NUMBER_RUNS_MAX; i++)
        g_assert_true(ql_packet_numbers_add(&numbers, 2 * i));
    g_assert_cmpuint(numbers.runs->len, <=, QL_NUMBER_RUNS_MAX);
    g_assert_false(ql_packet_numbers_add(&numbers, 0));
    uint64_t newest = 2 * (3 * QL_NUMBER_RUNS_MAX - 1);
    g_assert_true(ql_packet_numbers_add(&numbers, newest - 1));
    g_assert_false(ql_packet_numbers_add(&numbers, newest - 1));
    ql_packet_numbers_clear(&numbers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet_numbers/the example of the RFC is decoded", test_decode_of_rfc);
    g_test_add_func("/packet_numbers/the first number is taken as it is", test_decode_first);
    g_test_add_func("/packet_numbers/the nearest window is chosen", test_decode_windows);
    g_test_add_func("/packet_numbers/no number goes beyond 62 bits", test_decode_near_the_end);
    g_test_add_func("/packet_numbers/numbers near the largest come out again",
                    test_decode_round_trip);
    g_test_add_func("/packet_numbers/an acknowledgement tells where they stand", test_guess);
    g_test_add_func("/packet_numbers/a number is new once", test_add);
    g_test_add_func("/packet_numbers/numbers may come in any order", test_add_in_any_order);
    g_test_add_func("/packet_numbers/a gap is known", test_complete);
    g_test_add_func("/packet_numbers/many gaps cost the oldest ones only", test_cap);
    return g_test_run();
}
