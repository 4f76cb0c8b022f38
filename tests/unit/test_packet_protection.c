/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/packet_protection.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "assert_bytes.h"
#include "packet_seal.h"
#include "quic_samples.h"

#define DCID_LENGTH 4

/* libcrypto's allocations, counted to see that packets cost none. */
static unsigned long allocations;

static void *count_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    allocations++;
    return malloc(size);
}

static void *count_realloc(void *block, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    allocations++;
    return realloc(block, size);
}

static void count_free(void *block, const char *file, int line)
{
    (void)file, (void)line;
    free(block);
}

static ql_packet_keys *keys_of(const known_keys *of)
{
    g_autoptr(GBytes) secret = hex(of->secret);
    ql_packet_keys *keys = ql_packet_keys_new(of->version, of->suite, slice_of(secret));

    g_assert_nonnull(keys);
    return keys;
}

/* A short header packet of `payload_length` bytes that count up. */
static GBytes *seal_short(const known_keys *keys, unsigned phase, uint64_t packet_number,
                          size_t payload_length)
{
    const uint8_t header[] = { (uint8_t)(0x43 | (phase & 1) << 2),
                               0xd1,
                               0xd2,
                               0xd3,
                               0xd4,
                               (uint8_t)(packet_number >> 24),
                               (uint8_t)(packet_number >> 16),
                               (uint8_t)(packet_number >> 8),
                               (uint8_t)packet_number };
    g_autofree uint8_t *payload = g_malloc(payload_length + 1);

    for (size_t i = 0; i < payload_length; i++)
        payload[i] = (uint8_t)i;
    return seal(keys, phase, packet_number, (ql_slice){ header, sizeof header }, 4,
                (ql_slice){ payload, payload_length });
}

/* Unmasks and opens; the packet number is taken as `high` bits above what the packet has. */
static bool open_packet(ql_packet_keys *keys, const ql_packet_header *header, uint64_t high,
                        uint8_t *scratch, ql_slice *payload)
{
    ql_unmasked unmasked;

    return ql_packet_unmask(keys, header, &unmasked) &&
           ql_packet_open(keys, header, &unmasked, high | unmasked.truncated_pn, scratch, payload);
}

static bool open_short(ql_packet_keys *keys, ql_slice packet, uint64_t high, size_t expected_length)
{
    g_autofree uint8_t *scratch = g_malloc(packet.length);
    ql_packet_header header;
    ql_slice payload;

    g_assert_cmpint(ql_packet_header_read_short(packet, DCID_LENGTH, &header), ==, QL_HEADER_OK);
    if (!open_packet(keys, &header, high, scratch, &payload))
        return false;
    g_assert_cmpuint(payload.length, ==, expected_length);
    for (size_t i = 0; i < payload.length; i++)
        g_assert_cmphex(payload.data[i], ==, (uint8_t)i);
    return true;
}

static void test_sample_initials(void)
{
    g_autoptr(GBytes) id = hex(SAMPLE_DCID), server_payload = hex(SAMPLE_SERVER_PAYLOAD);
    ql_cid dcid = ql_cid_of(slice_of(id));

    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(GBytes) client = hex(samples[i].client_initial);
        g_autoptr(GBytes) server = hex(samples[i].server_initial);
        g_autoptr(GBytes) client_header = hex(samples[i].client_header);
        g_autoptr(GBytes) server_header = hex(samples[i].server_header);
        g_autoptr(GBytes) crypto = hex(samples[i].client_crypto);
        uint8_t scratch[1200];
        ql_packet_header header;
        ql_unmasked unmasked;
        ql_slice payload;

        ql_packet_keys *keys = ql_packet_keys_new_initial(samples[i].version, &dcid, QL_CLIENT);
        g_assert_cmpint(ql_packet_header_read_long(slice_of(client), &header), ==, QL_HEADER_OK);
        g_assert_true(ql_packet_unmask(keys, &header, &unmasked));
        g_assert_cmpuint(unmasked.pn_length, ==, 4);
        g_assert_cmpuint(unmasked.truncated_pn, ==, 2);
        g_assert_true(ql_packet_open(keys, &header, &unmasked, 2, scratch, &payload));
        g_assert_cmpuint(payload.length, ==, 1162);
        assert_bytes(payload.data, slice_of(crypto).length, slice_of(crypto).data,
                     slice_of(crypto).length);
        assert_bytes(scratch, 22, slice_of(client_header).data, slice_of(client_header).length);
        for (size_t at = slice_of(crypto).length; at < payload.length; at++)
            g_assert_cmphex(payload.data[at], ==, 0);
        ql_packet_keys_free(keys);

        keys = ql_packet_keys_new_initial(samples[i].version, &dcid, QL_SERVER);
        g_assert_cmpint(ql_packet_header_read_long(slice_of(server), &header), ==, QL_HEADER_OK);
        g_assert_true(ql_packet_unmask(keys, &header, &unmasked));
        g_assert_cmphex(unmasked.first, ==, slice_of(server_header).data[0]);
        g_assert_cmpuint(unmasked.pn_length, ==, 2);
        g_assert_true(ql_packet_open(keys, &header, &unmasked, 1, scratch, &payload));
        assert_bytes(payload.data, payload.length, slice_of(server_payload).data,
                     slice_of(server_payload).length);
        assert_bytes(scratch, 20, slice_of(server_header).data, slice_of(server_header).length);
        ql_packet_keys_free(keys);
    }
}

static void test_sample_retry(void)
{
    g_autoptr(GBytes) id = hex(SAMPLE_DCID);
    ql_cid dcid = ql_cid_of(slice_of(id)), other = ql_cid_of((ql_slice){ NULL, 0 });

    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(GBytes) wire = hex(samples[i].retry);
        g_autofree uint8_t *copy = g_memdup2(slice_of(wire).data, slice_of(wire).length);
        ql_packet_header header;

        g_assert_cmpint(
            ql_packet_header_read_long((ql_slice){ copy, slice_of(wire).length }, &header), ==,
            QL_HEADER_OK);
        g_assert_true(ql_retry_is_authentic(&header, &dcid));
        g_assert_false(ql_retry_is_authentic(&header, &other));
        for (size_t bit = 0; bit < 8 * header.packet.length; bit++) {
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            g_assert_false(ql_retry_is_authentic(&header, &dcid));
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        header.packet.length = 15;
        g_assert_false(ql_retry_is_authentic(&header, &dcid));
        header.packet.length = 36;
        header.version = 0x1a2a3a4a;
        g_assert_false(ql_retry_is_authentic(&header, &dcid));
    }
}

/* RFC 9001, A.5; RFC 9369, A.5. */
static void test_sample_chacha(void)
{
    static const struct {
        uint32_t version;
        const char *wire;
    } cases[] = {
        { QL_VERSION_1, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb" },
        { QL_VERSION_2, "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba" },
    };
    g_autoptr(GBytes) secret =
        hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) wire = hex(cases[i].wire);
        ql_packet_keys *keys =
            ql_packet_keys_new(cases[i].version, QL_SUITE_CHACHA20_POLY1305, slice_of(secret));
        ql_packet_header header;
        ql_unmasked unmasked;
        uint8_t scratch[21];
        ql_slice payload;

        g_assert_cmpint(ql_packet_header_read_short(slice_of(wire), 0, &header), ==, QL_HEADER_OK);
        g_assert_true(ql_packet_unmask(keys, &header, &unmasked));
        g_assert_cmpuint(unmasked.pn_length, ==, 3);
        g_assert_cmpuint(unmasked.truncated_pn, ==, 49140);
        g_assert_true(ql_packet_open(keys, &header, &unmasked, 654360564, scratch, &payload));
        assert_bytes(payload.data, payload.length, "\x01", 1);
        assert_bytes(scratch, 4, "\x42\x00\xbf\xf4", 4);
        g_assert_false(ql_packet_open(keys, &header, &unmasked, 49140, scratch, &payload));
        ql_packet_keys_free(keys);
    }
}

static void test_round_trips(void)
{
    static const size_t lengths[] = { 0, 1, 15, 16, 17, 1200, 16000, 65000 };

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        ql_packet_keys *keys = keys_of(&known[i]);
        g_assert_cmpint(ql_packet_keys_suite(keys), ==, known[i].suite);
        for (size_t j = 0; j < G_N_ELEMENTS(lengths); j++) {
            g_autoptr(GBytes) packet = seal_short(&known[i], 0, 7 + j, lengths[j]);
            g_assert_true(open_short(keys, slice_of(packet), 0, lengths[j]));
        }
        ql_packet_keys_free(keys);
    }
}

static void test_key_updates(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        ql_packet_keys *phases[3] = { keys_of(&known[i]) };
        phases[1] = ql_packet_keys_next(phases[0]);
        phases[2] = ql_packet_keys_next(phases[1]);

        for (unsigned sealed = 0; sealed < 3; sealed++) {
            g_autoptr(GBytes) packet = seal_short(&known[i], sealed, 100, 50);
            for (unsigned opened = 0; opened < 3; opened++)
                g_assert_cmpint(open_short(phases[opened], slice_of(packet), 0, 50), ==,
                                opened == sealed);
        }
        for (unsigned phase = 0; phase < 3; phase++)
            ql_packet_keys_free(phases[phase]);
    }
}

static void test_flipped_bits(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        ql_packet_keys *keys = keys_of(&known[i]);
        g_autoptr(GBytes) packet = seal_short(&known[i], 0, 3, 40);
        ql_slice wire = slice_of(packet);
        g_autofree uint8_t *copy = g_memdup2(wire.data, wire.length);
        g_autofree uint8_t *scratch = g_malloc(wire.length);
        ql_packet_header header;
        ql_slice payload;

        g_assert_cmpint(
            ql_packet_header_read_short((ql_slice){ copy, wire.length }, DCID_LENGTH, &header), ==,
            QL_HEADER_OK);
        for (size_t bit = 0; bit < 8 * wire.length; bit++) {
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            g_assert_false(open_packet(keys, &header, 0, scratch, &payload));
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        /* What failed before leaves no trace. */
        g_assert_true(open_packet(keys, &header, 0, scratch, &payload));
        ql_packet_keys_free(keys);
    }
}

static void test_whole_packet_numbers(void)
{
    const uint64_t high = (UINT64_C(1) << 62) - (UINT64_C(1) << 32);

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        ql_packet_keys *keys = keys_of(&known[i]);
        g_autoptr(GBytes) packet = seal_short(&known[i], 0, high | 0xfffffffe, 30);
        g_assert_true(open_short(keys, slice_of(packet), high, 30));
        g_assert_false(open_short(keys, slice_of(packet), 0, 30));
        g_assert_false(open_short(keys, slice_of(packet), high >> 1, 30));
        ql_packet_keys_free(keys);
    }
}

/* Seals with a packet number of each length, on which the place of the ciphertext hangs. */
static void test_packet_number_lengths(void)
{
    for (unsigned length = 1; length <= 4; length++) {
        uint8_t header_bytes[] = {
            (uint8_t)(0x40 | (length - 1)), 0xd1, 0xd2, 0xd3, 0xd4, 0x01, 0x02, 0x03, 0x04
        };
        const uint32_t expected[] = { 0x01, 0x0102, 0x010203, 0x01020304 };
        ql_slice sealed_header = { header_bytes, 1 + DCID_LENGTH + length };
        g_autoptr(GBytes) packet = seal(&known[0], 0, expected[length - 1], sealed_header, length,
                                        (ql_slice){ (const uint8_t *)"payload", 7 });
        ql_packet_keys *keys = keys_of(&known[0]);
        ql_packet_header header;
        ql_unmasked unmasked;
        uint8_t scratch[64];
        ql_slice payload;

        g_assert_cmpint(ql_packet_header_read_short(slice_of(packet), DCID_LENGTH, &header), ==,
                        QL_HEADER_OK);
        g_assert_true(ql_packet_unmask(keys, &header, &unmasked));
        g_assert_cmpuint(unmasked.pn_length, ==, length);
        g_assert_cmphex(unmasked.truncated_pn, ==, expected[length - 1]);
        g_assert_true(
            ql_packet_open(keys, &header, &unmasked, unmasked.truncated_pn, scratch, &payload));
        assert_bytes(payload.data, payload.length, "payload", 7);
        assert_bytes(scratch, sealed_header.length, header_bytes, sealed_header.length);
        ql_packet_keys_free(keys);
    }
}

static void test_long_packet_of_any_suite(void)
{
    static const uint8_t header_bytes[] = { 0xe1, 0x00, 0x00, 0x00, 0x01, 0x01, 0xaa,
                                            0x01, 0xbb, 0x40, 0x19, 0x12, 0x34 };

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].version != QL_VERSION_1)
            continue;
        g_autoptr(GBytes) packet =
            seal(&known[i], 0, 0x1234, (ql_slice){ header_bytes, sizeof header_bytes }, 2,
                 (ql_slice){ (const uint8_t *)"payload", 7 });
        ql_packet_keys *keys = keys_of(&known[i]);
        ql_packet_header header;
        uint8_t scratch[64];
        ql_slice payload;

        g_assert_cmpint(ql_packet_header_read_long(slice_of(packet), &header), ==, QL_HEADER_OK);
        g_assert_cmpint(header.type, ==, QL_PACKET_HANDSHAKE);
        g_assert_true(open_packet(keys, &header, 0, scratch, &payload));
        assert_bytes(payload.data, payload.length, "payload", 7);
        ql_packet_keys_free(keys);
    }
}

static void test_nothing_to_open(void)
{
    g_autoptr(GBytes) retry = hex(samples[0].retry), cut = hex(samples[0].client_initial);
    ql_packet_keys *keys = keys_of(&known[0]);
    uint8_t scratch[1200];
    ql_packet_header header;
    ql_unmasked unmasked = { .first = 0xc3, .pn_length = 4 };
    ql_slice payload;

    g_assert_cmpint(ql_packet_header_read_long(slice_of(retry), &header), ==, QL_HEADER_OK);
    g_assert_false(ql_packet_unmask(keys, &header, &unmasked));
    g_assert_false(ql_packet_open(keys, &header, &unmasked, 0, scratch, &payload));

    ql_slice first_bytes = { slice_of(cut).data, 30 };
    g_assert_cmpint(ql_packet_header_read_long(first_bytes, &header), ==, QL_HEADER_OK);
    g_assert_true(header.cut);
    g_assert_false(ql_packet_unmask(keys, &header, &unmasked));
    g_assert_false(ql_packet_open(keys, &header, &unmasked, 0, scratch, &payload));
    ql_packet_keys_free(keys);
}

static void test_no_allocation(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        ql_packet_keys *keys = keys_of(&known[i]);
        g_autoptr(GBytes) packet = seal_short(&known[i], 0, 5, 1200);
        ql_slice wire = slice_of(packet);
        g_autofree uint8_t *scratch = g_malloc(wire.length);
        ql_packet_header header;
        ql_slice payload;

        g_assert_cmpint(ql_packet_header_read_short(wire, DCID_LENGTH, &header), ==, QL_HEADER_OK);
        unsigned long before = allocations;
        for (unsigned round = 0; round < 100; round++)
            g_assert_true(open_packet(keys, &header, 0, scratch, &payload));
        g_assert_cmpuint(allocations, ==, before);
        ql_packet_keys_free(keys);
    }
    g_assert_cmpuint(allocations, >, 0);
}

static void test_suites(void)
{
    static const char *const names[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                         "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256" };
    ql_suite suite;

    for (uint16_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_true(ql_suite_from_tls((uint16_t)(0x1301 + i), &suite));
        g_assert_cmpstr(ql_suite_name(suite), ==, names[i]);
        g_assert_cmpuint(ql_suite_secret_length(suite), ==, i == 1 ? 48 : 32);
    }
    g_assert_false(ql_suite_from_tls(0x1305, &suite)); /* CCM_8: RFC 9001, 5.3 forbids it */
    g_assert_false(ql_suite_from_tls(0x1300, &suite));
}

static void test_refusals(void)
{
    static const uint8_t secret[64];
    ql_cid dcid = { .length = 8 };

    for (unsigned suite = 0; suite < QL_SUITE_COUNT; suite++) {
        for (size_t length = 0; length <= sizeof secret; length++) {
            ql_packet_keys *keys =
                ql_packet_keys_new(QL_VERSION_1, (ql_suite)suite, (ql_slice){ secret, length });
            g_assert_cmpint(keys != NULL, ==, length == ql_suite_secret_length((ql_suite)suite));
            ql_packet_keys_free(keys);
        }
    }
    g_assert_null(ql_packet_keys_new(2, QL_SUITE_AES_128_GCM, (ql_slice){ secret, 32 }));
    g_assert_null(ql_packet_keys_new_initial(2, &dcid, QL_CLIENT));
}

int main(int argc, char **argv)
{
    g_assert_cmpint(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free), ==, 1);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet protection/the sample Initials open byte for byte",
                    test_sample_initials);
    g_test_add_func("/packet protection/a Retry is authentic as it was sent only",
                    test_sample_retry);
    g_test_add_func("/packet protection/the sample short headers open", test_sample_chacha);
    g_test_add_func("/packet protection/what each suite sealed opens", test_round_trips);
    g_test_add_func("/packet protection/each key phase opens its own packets", test_key_updates);
    g_test_add_func("/packet protection/no packet with a flipped bit opens", test_flipped_bits);
    g_test_add_func("/packet protection/all 62 bits of the packet number count",
                    test_whole_packet_numbers);
    g_test_add_func("/packet protection/packet numbers have 1 to 4 bytes",
                    test_packet_number_lengths);
    g_test_add_func("/packet protection/long headers hide four bits, in any suite",
                    test_long_packet_of_any_suite);
    g_test_add_func("/packet protection/Retry and cut packets do not open", test_nothing_to_open);
    g_test_add_func("/packet protection/opening allocates nothing", test_no_allocation);
    g_test_add_func("/packet protection/suites have TLS's codes and names", test_suites);
    g_test_add_func("/packet protection/wrong secrets and versions give no keys", test_refusals);
    return g_test_run();
}
