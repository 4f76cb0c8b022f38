/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "self_capture.h"

#include "assert_bytes.h"

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct place {
    char *directory;
    char *path;
} place;

static void set_up(place *p, gconstpointer unused)
{
    (void)unused;
    p->directory = g_dir_make_tmp("self-capture-XXXXXX", NULL);
    g_assert_nonnull(p->directory);
    p->path = g_build_filename(p->directory, "own.pcapng", NULL);
}

static void tear_down(place *p, gconstpointer unused)
{
    (void)unused;
    g_remove(p->path);
    g_assert_cmpint(g_rmdir(p->directory), ==, 0);
    g_free(p->directory);
    g_free(p->path);
}

static struct sockaddr_storage address_of(const char *text, uint16_t port)
{
    struct sockaddr_storage storage = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else {
        g_assert_cmpint(inet_pton(AF_INET6, text, &v6->sin6_addr), ==, 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
    }
    return storage;
}

static void hand_over(ql_self_capture *capture, const char *from, const char *to, uint8_t ecn,
                      const void *data, size_t length)
{
    struct sockaddr_storage sender = address_of(from, 50000), receiver = address_of(to, 443);
    const ql_captured datagram = { .time_ns = 1700000000123456789u,
                                   .from = (struct sockaddr *)&sender,
                                   .to = (struct sockaddr *)&receiver,
                                   .ecn = ecn,
                                   .data = data,
                                   .length = length };
    ql_self_capture_record(capture, &datagram);
}

/* The only packet of the capture, as libpcap reads it. */
static GByteArray *read_packet(const place *p, struct pcap_pkthdr *head)
{
    char message[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *found;
    const u_char *data;
    pcap_t *pcap =
        pcap_open_offline_with_tstamp_precision(p->path, PCAP_TSTAMP_PRECISION_NANO, message);
    g_assert_nonnull(pcap);
    g_assert_cmpint(pcap_datalink(pcap), ==, DLT_RAW);
    g_assert_cmpint(pcap_next_ex(pcap, &found, &data), ==, 1);
    GByteArray *packet = g_byte_array_append(g_byte_array_new(), data, found->caplen);
    if (head != NULL)
        *head = *found;
    g_assert_cmpint(pcap_next_ex(pcap, &found, &data), ==, PCAP_ERROR_BREAK);
    pcap_close(pcap);
    return packet;
}

static GByteArray *capture_one(const place *p, const char *from, const char *to, uint8_t ecn,
                               const void *data, size_t length)
{
    ql_self_capture *capture = ql_self_capture_new(p->path, NULL);
    g_assert_nonnull(capture);
    hand_over(capture, from, to, ecn, data, length);
    g_assert_true(ql_self_capture_close(capture, NULL));
    return read_packet(p, NULL);
}

/* RFC 1071 as a receiver applies it, with end-around carry at every step: a header or datagram
 * whose checksum is right sums to 0xffff. */
static uint16_t receiver_sum(const uint8_t *data, size_t length, uint16_t sum)
{
    for (size_t i = 0; i < length; i++) {
        uint32_t word = i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        uint32_t next = sum + word;
        sum = (uint16_t)(next > 0xffff ? next - 0xffff : next);
    }
    return sum;
}

static uint16_t udp_receiver_sum_v4(const GByteArray *packet)
{
    uint8_t pseudo[12] = { 0 };
    memcpy(pseudo, packet->data + 12, 8);
    pseudo[9] = 17;
    memcpy(pseudo + 10, packet->data + 24, 2);
    return receiver_sum(packet->data + 20, packet->len - 20, receiver_sum(pseudo, 12, 0));
}

static uint16_t udp_receiver_sum_v6(const GByteArray *packet)
{
    uint8_t pseudo[40] = { 0 };
    memcpy(pseudo, packet->data + 8, 32);
    memcpy(pseudo + 34, packet->data + 44, 2);
    pseudo[39] = 17;
    return receiver_sum(packet->data + 40, packet->len - 40, receiver_sum(pseudo, 40, 0));
}

static void test_ipv4_headers_are_those_of_the_wire(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GByteArray) packet = capture_one(p, "192.0.2.1", "198.51.100.7", 2, "quic!", 5);
    static const uint8_t expected[] = { 0x45, 0x02, 0, 33, 0, 0, 0x40, 0, 64, 17 };
    static const uint8_t udp[] = { 0xc3, 0x50, 0x01, 0xbb, 0, 13 };
    g_assert_cmpuint(packet->len, ==, 33);
    assert_bytes(packet->data, sizeof expected, expected, sizeof expected);
    assert_bytes(packet->data + 12, 8, "\xc0\x00\x02\x01\xc6\x33\x64\x07", 8);
    assert_bytes(packet->data + 20, sizeof udp, udp, sizeof udp);
    assert_bytes(packet->data + 28, 5, "quic!", 5);
    g_assert_cmphex(receiver_sum(packet->data, 20, 0), ==, 0xffff);
    g_assert_cmphex(udp_receiver_sum_v4(packet), ==, 0xffff);
}

static void test_ipv6_headers_are_those_of_the_wire(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GByteArray) packet = capture_one(p, "2001:db8::1", "2001:db8::2", 3, "quic", 4);
    static const uint8_t expected[] = { 0x60, 0x30, 0, 0, 0, 12, 17, 64 };
    g_assert_cmpuint(packet->len, ==, 52);
    assert_bytes(packet->data, sizeof expected, expected, sizeof expected);
    g_assert_cmphex(packet->data[8], ==, 0x20);
    g_assert_cmpuint(packet->data[23], ==, 1);
    g_assert_cmpuint(packet->data[39], ==, 2);
    g_assert_cmphex(udp_receiver_sum_v6(packet), ==, 0xffff);
}

static void test_checksums_hold_for_many_payloads(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    uint8_t payload[1500];
    for (size_t length = 0; length <= 1500; length += 75) {
        for (size_t i = 0; i < length; i++)
            payload[i] = (uint8_t)g_rand_int(random);
        g_autoptr(GByteArray) v4 = capture_one(p, "127.0.0.1", "127.0.0.1", 0, payload, length);
        g_autoptr(GByteArray) v6 = capture_one(p, "::1", "::1", 0, payload, length);
        g_assert_cmphex(udp_receiver_sum_v4(v4), ==, 0xffff);
        g_assert_cmphex(udp_receiver_sum_v6(v6), ==, 0xffff);
    }
}

static void test_a_datagram_without_content_needs_no_data(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GByteArray) v4 = capture_one(p, "127.0.0.1", "127.0.0.1", 0, NULL, 0);
    g_autoptr(GByteArray) v6 = capture_one(p, "::1", "::1", 0, NULL, 0);
    g_assert_cmphex(udp_receiver_sum_v4(v4), ==, 0xffff);
    g_assert_cmphex(udp_receiver_sum_v6(v6), ==, 0xffff);
}

/* A sum of zero must not be written as zero, which would say that there is no checksum (RFC 768).
 * The two bytes are the checksum that the payload 00 00 gets, so that the sum comes out as zero. */
static void test_checksum_of_zero_is_written_as_all_ones(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GByteArray) plain = capture_one(p, "127.0.0.1", "127.0.0.1", 0, "\0\0", 2);
    uint8_t filler[2];
    memcpy(filler, plain->data + 26, 2);
    g_autoptr(GByteArray) packet = capture_one(p, "127.0.0.1", "127.0.0.1", 0, filler, 2);
    assert_bytes(packet->data + 26, 2, "\xff\xff", 2);
}

static void test_mapped_addresses_are_written_as_ipv4(place *p, gconstpointer unused)
{
    (void)unused;
    g_autoptr(GByteArray) packet =
        capture_one(p, "::ffff:192.0.2.1", "::ffff:192.0.2.2", 0, "x", 1);
    g_assert_cmpuint(packet->len, ==, 29);
    g_assert_cmphex(packet->data[0], ==, 0x45);
    assert_bytes(packet->data + 12, 8, "\xc0\x00\x02\x01\xc0\x00\x02\x02", 8);
}

static void test_time_is_kept_to_the_nanosecond(place *p, gconstpointer unused)
{
    (void)unused;
    struct pcap_pkthdr head;
    ql_self_capture *capture = ql_self_capture_new(p->path, NULL);
    hand_over(capture, "127.0.0.1", "127.0.0.1", 0, "x", 1);
    g_assert_true(ql_self_capture_close(capture, NULL));
    g_autoptr(GByteArray) packet = read_packet(p, &head);
    g_assert_cmpuint(packet->len, ==, head.len);
    g_assert_cmpint(head.ts.tv_sec, ==, 1700000000);
    g_assert_cmpint(head.ts.tv_usec, ==, 123456789); /* nanoseconds, as they were asked for */
}

static void test_file_with_secrets_is_for_its_owner_only(place *p, gconstpointer unused)
{
    (void)unused;
    struct stat entry;
    g_assert_true(
        g_file_set_contents_full(p->path, "old", 3, G_FILE_SET_CONTENTS_NONE, 0666, NULL));
    g_assert_true(ql_self_capture_close(ql_self_capture_new(p->path, NULL), NULL));
    g_assert_cmpint(stat(p->path, &entry), ==, 0);
    g_assert_cmphex(entry.st_mode & 07777, ==, 0600);
}

static const char *find_text(const char *data, gsize length, const char *text)
{
    return memmem(data, length, text, strlen(text));
}

static void test_secrets_come_ahead_of_the_next_datagram(place *p, gconstpointer unused)
{
    (void)unused;
    ql_self_capture *capture = ql_self_capture_new_commented(p->path, "a comment", NULL);
    hand_over(capture, "127.0.0.1", "127.0.0.1", 0, "FIRST", 5);
    ql_self_capture_secret(capture, "LABEL_ONE 00 11");
    ql_self_capture_secret(capture, "LABEL_TWO 00 22\n");
    hand_over(capture, "127.0.0.1", "127.0.0.1", 0, "SECOND", 6);
    ql_self_capture_secret(capture, "LABEL_LATE 00 33");
    g_assert_true(ql_self_capture_close(capture, NULL));

    gsize length;
    g_autofree char *data = NULL;
    g_assert_true(g_file_get_contents(p->path, &data, &length, NULL));
    const char *both = find_text(data, length, "LABEL_ONE 00 11\nLABEL_TWO 00 22\n");
    g_assert_nonnull(both);
    g_assert_true(find_text(data, length, "a comment") < find_text(data, length, "FIRST"));
    g_assert_true(find_text(data, length, "FIRST") < both);
    g_assert_true(both < find_text(data, length, "SECOND"));
    g_assert_true(find_text(data, length, "SECOND") <
                  find_text(data, length, "LABEL_LATE 00 33\n"));
}

static void test_ttl_way_and_comment_reach_the_packet(place *p, gconstpointer unused)
{
    (void)unused;
    struct sockaddr_storage v6 = address_of("::1", 1), v4 = address_of("127.0.0.1", 1);
    const struct sockaddr *v4_address = (struct sockaddr *)&v4;
    const struct sockaddr *v6_address = (struct sockaddr *)&v6;
    ql_captured datagram = { .from = v4_address,
                             .to = v4_address,
                             .way = QL_PCAPNG_WAY_OUTBOUND,
                             .ttl = 7,
                             .data = (const uint8_t *)"x",
                             .length = 1,
                             .comment = "because" };
    ql_self_capture *capture = ql_self_capture_new(p->path, NULL);
    ql_self_capture_record(capture, &datagram);
    g_assert_true(ql_self_capture_close(capture, NULL));
    g_autoptr(GByteArray) first = read_packet(p, NULL);
    g_assert_cmpuint(first->data[8], ==, 7);
    gsize length;
    g_autofree char *data = NULL;
    g_assert_true(g_file_get_contents(p->path, &data, &length, NULL));
    g_assert_nonnull(find_text(data, length, "because"));
    g_assert_nonnull(memmem(data, length, "\2\0\4\0\2\0\0\0", 8));

    datagram.from = datagram.to = v6_address;
    capture = ql_self_capture_new(p->path, NULL);
    ql_self_capture_record(capture, &datagram);
    g_assert_true(ql_self_capture_close(capture, NULL));
    g_autoptr(GByteArray) second = read_packet(p, NULL);
    g_assert_cmpuint(second->data[7], ==, 7);
}

static void test_a_host_is_named_once(place *p, gconstpointer unused)
{
    (void)unused;
    struct sockaddr_storage v4 = address_of("192.0.2.1", 1), v6 = address_of("2001:db8::1", 1);
    ql_self_capture *capture = ql_self_capture_new(p->path, NULL);
    ql_self_capture_name(capture, (struct sockaddr *)&v4, "192.0.2.1");
    ql_self_capture_name(capture, (struct sockaddr *)&v6, "2001:db8::1");
    ql_self_capture_name(capture, (struct sockaddr *)&v4, "www.example");
    ql_self_capture_name(capture, (struct sockaddr *)&v4, "www.example");
    g_assert_true(ql_self_capture_close(capture, NULL));
    gsize length;
    g_autofree char *data = NULL;
    g_assert_true(g_file_get_contents(p->path, &data, &length, NULL));
    const char *name = find_text(data, length, "www.example");
    g_assert_nonnull(name);
    g_assert_null(find_text(name + 1, length - (gsize)(name + 1 - data), "www.example"));
    g_assert_null(find_text(data, length, "192.0"));
    g_assert_null(find_text(data, length, "2001"));
}

static void test_misfits_are_reported_and_keep_what_was_written(place *p, gconstpointer unused)
{
    (void)unused;
    static const uint8_t long_payload[65508];
    ql_self_capture *capture = ql_self_capture_new(p->path, NULL);
    hand_over(capture, "127.0.0.1", "127.0.0.1", 0, long_payload, 65507);
    hand_over(capture, "127.0.0.1", "127.0.0.1", 0, long_payload, 65508);
    GError *error = NULL;
    g_assert_false(ql_self_capture_close(capture, &error));
    g_assert_nonnull(strstr(error->message, "65508 bytes"));
    g_clear_error(&error);
    g_autoptr(GByteArray) packet = read_packet(p, NULL);
    g_assert_cmpuint(packet->len, ==, 65535);

    capture = ql_self_capture_new(p->path, NULL);
    hand_over(capture, "127.0.0.1", "::1", 0, "x", 1);
    g_assert_false(ql_self_capture_close(capture, &error));
    g_assert_nonnull(strstr(error->message, "two families"));
    g_clear_error(&error);
}

static void test_a_path_that_cannot_be_opened_is_named(place *p, gconstpointer unused)
{
    (void)unused;
    GError *error = NULL;
    g_autofree char *path = g_build_filename(p->directory, "missing", "x.pcapng", NULL);
    g_assert_null(ql_self_capture_new(path, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_nonnull(strstr(error->message, path));
    g_error_free(error);
}

static void test_links_are_followed_only_for_their_owner(place *p, gconstpointer unused)
{
    (void)unused;
    g_autofree char *link_path = g_build_filename(p->directory, "link", NULL);
    g_assert_cmpint(symlink(p->path, link_path), ==, 0);
    g_assert_true(ql_self_capture_close(ql_self_capture_new(link_path, NULL), NULL));
    if (lchown(link_path, 65534, 65534) != 0) {
        g_test_skip("only root can give a link away");
    } else {
        GError *error = NULL;
        g_assert_null(ql_self_capture_new(link_path, &error));
        g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
        g_error_free(error);
    }
    g_assert_cmpint(g_remove(link_path), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/self-capture/" name, place, NULL, set_up, function, tear_down)
    TEST("ipv4", test_ipv4_headers_are_those_of_the_wire);
    TEST("ipv6", test_ipv6_headers_are_those_of_the_wire);
    TEST("checksums", test_checksums_hold_for_many_payloads);
    TEST("no-content", test_a_datagram_without_content_needs_no_data);
    TEST("checksum-zero", test_checksum_of_zero_is_written_as_all_ones);
    TEST("mapped", test_mapped_addresses_are_written_as_ipv4);
    TEST("time", test_time_is_kept_to_the_nanosecond);
    TEST("mode", test_file_with_secrets_is_for_its_owner_only);
    TEST("secrets", test_secrets_come_ahead_of_the_next_datagram);
    TEST("record", test_ttl_way_and_comment_reach_the_packet);
    TEST("name", test_a_host_is_named_once);
    TEST("misfits", test_misfits_are_reported_and_keep_what_was_written);
    TEST("bad-path", test_a_path_that_cannot_be_opened_is_named);
    TEST("links", test_links_are_followed_only_for_their_owner);
    return g_test_run();
}
