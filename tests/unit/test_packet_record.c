/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet_record.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>

static ql_address at_port(uint16_t port)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                         .sin_port = htons(port) };
    return ql_address_from((const struct sockaddr *)&address, sizeof address);
}

static const ql_udp_datagram *make_datagram(ql_udp_datagram *datagram)
{
    *datagram = (ql_udp_datagram){
        .local = at_port(1), .remote = at_port(2), .data = (const uint8_t *)"data", .length = 4
    };
    return datagram;
}

static void test_remarks_and_comments_stand_together(void)
{
    g_autofree char *folder = g_dir_make_tmp("record-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "c.pcapng", NULL);
    g_autofree char *content = NULL;
    gsize length;
    ql_udp_datagram datagram;
    ql_self_capture *capture = ql_self_capture_new(path, NULL);
    ql_packet_record *record = ql_packet_record_new(capture);
    ql_remarks *remarks = ql_remarks_new();
    ql_packet_record_set_remarks(record, remarks);
    ql_remarks_add(remarks, NULL, "on purpose");
    ql_packet_record_sent(record, make_datagram(&datagram), "lost");
    ql_remarks_add(remarks, NULL, "alone");
    ql_packet_record_sent(record, make_datagram(&datagram), NULL);
    ql_packet_record_received(record, NULL, make_datagram(&datagram), "late");
    ql_packet_record_free(record);
    ql_remarks_free(remarks);
    g_assert_true(ql_self_capture_close(capture, NULL));
    g_assert_true(g_file_get_contents(path, &content, &length, NULL));
    const char *first = memmem(content, length, "on purpose; lost", 16);
    g_assert_nonnull(first);
    size_t left = length - (size_t)(first - content);
    const char *second = memmem(first, left, "alone", 5);
    g_assert_nonnull(second);
    g_assert_nonnull(memmem(second, length - (size_t)(second - content), "late", 4));
    g_unlink(path);
    g_rmdir(folder);
}

static void test_without_a_capture_remarks_stay(void)
{
    ql_udp_datagram datagram;
    ql_remarks *remarks = ql_remarks_new();
    ql_packet_record *record = ql_packet_record_new(NULL);
    ql_packet_record_set_remarks(record, remarks);
    ql_remarks_add(remarks, NULL, "on purpose");
    ql_packet_record_sent(record, make_datagram(&datagram), NULL);
    ql_packet_record_received(record, NULL, &datagram, NULL);
    g_autofree char *left = ql_remarks_take(remarks, &datagram.local);
    g_assert_cmpstr(left, ==, "on purpose");
    ql_packet_record_free(record);
    ql_packet_record_free(NULL);
    ql_remarks_free(remarks);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet_record/remarks and comments stand together",
                    test_remarks_and_comments_stand_together);
    g_test_add_func("/packet_record/without a capture remarks stay",
                    test_without_a_capture_remarks_stay);
    return g_test_run();
}
