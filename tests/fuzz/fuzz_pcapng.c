/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input says what is captured: secrets, names, datagrams with comments. What was written is
 * read back block by block, and by Wireshark's own library where that is there, and has to be that.
 * QUICLENS_FUZZ_CAPTURE names a file that keeps the last capture, so that another reader can be
 * tried on it. */
#include "self_capture.h"
#ifdef HAVE_WIRETAP
#include "wiretap_reader.h"
#endif

#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct input {
    const uint8_t *at, *end;
} input;

static uint8_t next(input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* Up to most bytes; to be freed by g_free. */
static char *next_text(input *in, size_t most)
{
    size_t wanted = next(in) * most / 255, left = (size_t)(in->end - in->at);
    size_t length = MIN(wanted, left);
    char *text = g_strndup((const char *)in->at, length); /* up to a zero byte */
    in->at += length;
    return text;
}

static struct sockaddr_storage next_address(input *in, uint8_t kind)
{
    struct sockaddr_storage storage = { 0 };
    if ((kind & 1) == 0) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
        v4->sin_family = AF_INET;
        v4->sin_port = next(in);
        v4->sin_addr.s_addr = next(in);
    } else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = next(in);
        v6->sin6_addr.s6_addr[15] = next(in);
    }
    return storage;
}

/* What a packet has to be. */
typedef struct expected {
    uint64_t time_ns;
    GBytes *payload;
    char *comment;
    uint32_t way;
} expected;

static void expected_free(gpointer data)
{
    expected *e = data;
    g_bytes_unref(e->payload);
    g_free(e->comment);
    g_free(e);
}

static void record(ql_self_capture *capture, input *in, GPtrArray *packets)
{
    uint8_t kind = next(in);
    struct sockaddr_storage from = next_address(in, kind), to = next_address(in, kind);
    expected *e = g_new0(expected, 1);
    e->time_ns = (uint64_t)next(in) << 56 | (uint64_t)next(in) << 28 | next(in);
    e->way = next(in) % 3;
    e->comment = (kind & 2) != 0 ? next_text(in, 70000) : NULL;
    size_t wanted = next(in) * 256u, left = (size_t)(in->end - in->at);
    size_t length = MIN(wanted, left);
    e->payload = g_bytes_new(in->at, length);
    in->at += length;
    const ql_captured datagram = {
        .time_ns = e->time_ns,
        .from = (const struct sockaddr *)&from,
        .to = (const struct sockaddr *)&to,
        .way = (ql_pcapng_way)e->way,
        .ecn = kind >> 2,
        .ttl = kind,
        .data = g_bytes_get_data(e->payload, NULL),
        .length = length,
        .comment = e->comment,
    };
    ql_self_capture_record(capture, &datagram);
    g_ptr_array_add(packets, e);
}

static uint32_t u32_at(const uint8_t *data)
{
    uint32_t value;
    memcpy(&value, data, sizeof value);
    return GUINT32_FROM_LE(value);
}

static uint16_t u16_at(const uint8_t *data)
{
    uint16_t value;
    memcpy(&value, data, sizeof value);
    return GUINT16_FROM_LE(value);
}

/* Options have to end with the block, and those of the packet to be what was asked for. */
static void check_options(const uint8_t *at, const uint8_t *end, const expected *e)
{
    bool commented = false;
    uint32_t way = 0;
    while (at < end) {
        g_assert(end - at >= 4);
        uint16_t code = u16_at(at), length = u16_at(at + 2);
        g_assert((size_t)(end - at) >= 4 + (size_t)(length + 3u) / 4 * 4);
        if (code == 1) {
            g_assert(e->comment != NULL && length == MIN(strlen(e->comment), UINT16_MAX) &&
                     memcmp(at + 4, e->comment, length) == 0);
            commented = true;
        } else if (code == 2) {
            g_assert(length == 4);
            way = u32_at(at + 4);
        } else {
            g_assert(code == 0 && length == 0 && end - at == 4);
        }
        at += 4 + (size_t)(length + 3u) / 4 * 4;
    }
    g_assert(commented == (e->comment != NULL) && way == e->way);
}

static void check_packet(const uint8_t *block, uint32_t length, const expected *e)
{
    gsize payload_length;
    const uint8_t *payload = g_bytes_get_data(e->payload, &payload_length);
    uint32_t captured = u32_at(block + 20);
    const uint8_t *packet = block + 28;
    size_t headers = packet[0] >> 4 == 4 ? 28 : 48;
    g_assert(((uint64_t)u32_at(block + 12) << 32 | u32_at(block + 16)) == e->time_ns);
    g_assert(u32_at(block + 24) == captured && captured == headers + payload_length);
    g_assert(payload_length == 0 || memcmp(packet + headers, payload, payload_length) == 0);
    check_options(packet + (captured + 3) / 4 * 4, block + length - 4, e);
}

static void check(const uint8_t *data, size_t size, const GPtrArray *packets)
{
    guint found = 0;
    for (size_t at = 0; at < size;) {
        g_assert(size - at >= 12);
        uint32_t type = u32_at(data + at), length = u32_at(data + at + 4);
        g_assert(length >= 12 && length % 4 == 0 && length <= size - at);
        g_assert(u32_at(data + at + length - 4) == length);
        g_assert(at > 0 || type == 0x0a0d0d0a);
        if (type == 6) {
            g_assert(found < packets->len);
            check_packet(data + at, length, g_ptr_array_index(packets, found++));
        }
        at += length;
    }
    g_assert(found == packets->len);
}

#ifdef HAVE_WIRETAP
static void check_with_wireshark(const char *path, const GPtrArray *packets)
{
    wiretap_reader *reader = wiretap_reader_new(path);
    wiretap_packet packet;
    guint found = 0;
    g_assert(reader != NULL);
    while (wiretap_reader_next(reader, &packet)) {
        g_assert(found < packets->len);
        const expected *e = g_ptr_array_index(packets, found++);
        gsize length;
        const void *payload = g_bytes_get_data(e->payload, &length);
        g_assert(packet.length >= length && packet.time_ns == e->time_ns);
        g_assert(length == 0 || memcmp(packet.data + packet.length - length, payload, length) == 0);
        g_assert((packet.comment != NULL) == (e->comment != NULL));
        if (e->comment != NULL && g_utf8_validate(e->comment, -1, NULL))
            g_assert(strncmp(packet.comment, e->comment, UINT16_MAX) == 0);
    }
    g_assert(found == packets->len);
    wiretap_reader_free(reader);
}
#endif

static void capture_all(const char *path, input *in, GPtrArray *packets)
{
    g_autofree char *comment = next_text(in, 70000);
    ql_self_capture *capture = ql_self_capture_new_commented(path, comment, NULL);
    g_assert(capture != NULL);
    while (in->at < in->end) {
        uint8_t kind = next(in);
        if (kind % 8 == 0) {
            g_autofree char *line = next_text(in, 300);
            ql_self_capture_secret(capture, line);
        } else if (kind % 8 == 1) {
            struct sockaddr_storage address = next_address(in, kind >> 3);
            g_autofree char *name = next_text(in, 300);
            ql_self_capture_name(capture, (const struct sockaddr *)&address, name);
        } else {
            record(capture, in, packets);
        }
    }
    g_assert(ql_self_capture_close(capture, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, data + size };
    g_autoptr(GPtrArray) packets = g_ptr_array_new_with_free_func(expected_free);
    const char *kept = g_getenv("QUICLENS_FUZZ_CAPTURE");
    int memory = kept == NULL ? memfd_create("capture", MFD_CLOEXEC) : -1;
    g_autofree char *path =
        kept != NULL ? g_strdup(kept) : g_strdup_printf("/proc/self/fd/%d", memory);
    g_autofree char *written = NULL;
    gsize length;
    capture_all(path, &in, packets);
    g_assert(g_file_get_contents(path, &written, &length, NULL));
    check((const uint8_t *)written, length, packets);
#ifdef HAVE_WIRETAP
    check_with_wireshark(path, packets);
#endif
    if (memory >= 0)
        close(memory);
    return 0;
}
