/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_reader.h"

#include "model/reader.h"

#include <pcap/pcap.h>
#include <string.h>

#define ETHERTYPE_VLAN  0x8100
#define ETHERTYPE_QINQ  0x88a8
#define ETHERTYPE_IPV4  0x0800
#define ETHERTYPE_IPV6  0x86dd
#define PROTOCOL_UDP    17
#define UDP_HEADER_SIZE 8

struct ql_capture {
    pcap_t *pcap;
    int link_type;
    uint32_t frame;
};

ql_capture *ql_capture_open(const char *path, GError **error)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
    if (pcap == NULL) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", path, text);
        return NULL;
    }
    ql_capture *capture = g_new0(ql_capture, 1);
    capture->pcap = pcap;
    capture->link_type = pcap_datalink(pcap);
    return capture;
}

void ql_capture_close(ql_capture *capture)
{
    if (capture == NULL)
        return;
    pcap_close(capture->pcap);
    g_free(capture);
}

static void read_address(ql_reader *reader, uint8_t family, ql_endpoint *out)
{
    ql_slice address = ql_read_slice(reader, family == 4 ? 4 : 16);
    out->family = family;
    if (address.length > 0)
        memcpy(out->address, address.data, address.length);
}

static bool read_udp(ql_reader *reader, ql_datagram *out)
{
    out->source.port = ql_read_u16(reader);
    out->destination.port = ql_read_u16(reader);
    uint16_t length = ql_read_u16(reader);
    ql_read_u16(reader); /* checksum */
    out->payload = ql_read_rest(reader);
    if (reader->bad || length < UDP_HEADER_SIZE)
        return false;
    out->wire_length = length - UDP_HEADER_SIZE;
    out->payload.length = MIN(out->payload.length, out->wire_length);
    return out->payload.length > 0;
}

static bool read_ipv4(ql_reader *reader, ql_datagram *out)
{
    size_t header_length = (ql_read_u8(reader) & 15u) * 4;
    out->ecn = ql_read_u8(reader) & 3;
    ql_read_slice(reader, 4); /* total length, identification */
    bool fragment = (ql_read_u16(reader) & 0x3fff) != 0;
    ql_read_u8(reader); /* time to live */
    uint8_t protocol = ql_read_u8(reader);
    ql_read_u16(reader); /* checksum */
    read_address(reader, 4, &out->source);
    read_address(reader, 4, &out->destination);
    ql_read_slice(reader, header_length >= 20 ? header_length - 20 : 0);
    return protocol == PROTOCOL_UDP && !fragment && read_udp(reader, out);
}

static bool read_ipv6(ql_reader *reader, ql_datagram *out)
{
    out->ecn = ql_read_u32(reader) >> 20 & 3;
    ql_read_u16(reader); /* payload length */
    uint8_t next = ql_read_u8(reader);
    ql_read_u8(reader); /* hop limit */
    read_address(reader, 6, &out->source);
    read_address(reader, 6, &out->destination);
    while (next == 0 || next == 43 || next == 60) { /* hop-by-hop, routing, destination options */
        next = ql_read_u8(reader);
        uint8_t length = ql_read_u8(reader);
        ql_read_slice(reader, length * 8u + 6u);
        if (reader->bad)
            return false;
    }
    return next == PROTOCOL_UDP && read_udp(reader, out);
}

static bool read_ip(ql_reader *reader, ql_datagram *out)
{
    if (ql_reader_left(reader) == 0)
        return false;
    return *reader->at >> 4 == 4 ? read_ipv4(reader, out)
                                 : *reader->at >> 4 == 6 && read_ipv6(reader, out);
}

static bool read_ethertype(ql_reader *reader, ql_datagram *out)
{
    uint16_t type = ql_read_u16(reader);
    while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
        ql_read_u16(reader);
        type = ql_read_u16(reader);
    }
    return (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) && read_ip(reader, out);
}

static bool read_link(int link_type, ql_reader *reader, ql_datagram *out)
{
    switch (link_type) {
    case DLT_EN10MB: ql_read_slice(reader, 12); return read_ethertype(reader, out);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6: return read_ip(reader, out);
    case DLT_NULL:
    case DLT_LOOP: ql_read_u32(reader); return read_ip(reader, out);
    case DLT_LINUX_SLL: ql_read_slice(reader, 14); return read_ethertype(reader, out);
    case DLT_LINUX_SLL2: {
        uint16_t type = ql_read_u16(reader);
        ql_read_slice(reader, 18);
        return (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6) && read_ip(reader, out);
    }
    default: return false;
    }
}

bool ql_capture_next(ql_capture *capture, ql_datagram *out)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    while (pcap_next_ex(capture->pcap, &header, &bytes) == 1) {
        capture->frame++;
        ql_reader reader = ql_reader_of((ql_slice){ bytes, header->caplen });
        memset(out, 0, sizeof *out);
        if (!read_link(capture->link_type, &reader, out))
            continue;
        out->where.frame = capture->frame;
        out->where.time_ns =
            (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec;
        return true;
    }
    return false;
}

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_SECRETS 0x0000000au
#define BYTE_ORDER_OK 0x1a2b3c4du
#define SECRETS_TLS   0x544c534bu

static uint32_t block_u32(ql_reader *reader, bool swapped)
{
    uint32_t value = ql_read_u32(reader); /* the most significant byte first */
    return swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

/* The blocks of a pcapng file, one after the other; libpcap passes secrets over. */
static void gather_secrets(ql_reader *file, GString *secrets)
{
    bool swapped = false;
    while (ql_reader_left(file) >= 12) {
        ql_reader block = *file;
        uint32_t type = ql_read_u32(&block);
        uint32_t length_as_read = ql_read_u32(&block);
        if (type == BLOCK_SECTION)
            swapped = ql_read_u32(&block) != BYTE_ORDER_OK;
        uint32_t length = swapped ? GUINT32_SWAP_LE_BE(length_as_read) : length_as_read;
        ql_slice whole = ql_read_slice(file, length);
        if (file->bad || length < 12)
            return;
        uint32_t secrets_block = swapped ? GUINT32_SWAP_LE_BE(BLOCK_SECRETS) : BLOCK_SECRETS;
        if (type != secrets_block)
            continue;
        ql_reader body = ql_reader_of((ql_slice){ whole.data + 8, whole.length - 12 });
        uint32_t kind = block_u32(&body, swapped);
        ql_slice text = ql_read_slice(&body, block_u32(&body, swapped));
        if (!body.bad && kind == SECRETS_TLS)
            g_string_append_len(secrets, (const char *)text.data, (gssize)text.length);
    }
}

GString *ql_capture_secrets(const char *path, GError **error)
{
    char *bytes;
    gsize length;
    if (!g_file_get_contents(path, &bytes, &length, error))
        return NULL;
    GString *secrets = g_string_new(NULL);
    ql_reader reader = ql_reader_of((ql_slice){ (const uint8_t *)bytes, length });
    ql_reader peek = reader;
    if (ql_read_u32(&peek) == BLOCK_SECTION)
        gather_secrets(&reader, secrets);
    g_free(bytes);
    return secrets;
}

static bool add_keys(ql_session *session, const char *keys, GError **error)
{
    char *text;
    gsize length;
    if (keys == NULL)
        return true;
    if (!g_file_get_contents(keys, &text, &length, error))
        return false;
    ql_session_add_secrets(session, (ql_slice){ (const uint8_t *)text, length });
    g_free(text);
    return true;
}

ql_session *ql_capture_load(const char *path, const char *keys, GError **error)
{
    GString *inside = ql_capture_secrets(path, error);
    ql_capture *capture = inside != NULL ? ql_capture_open(path, error) : NULL;
    ql_session *session = capture != NULL ? ql_session_new() : NULL;
    if (session != NULL && !add_keys(session, keys, error)) {
        ql_session_free(session);
        session = NULL;
    }
    if (session != NULL) {
        ql_session_add_secrets(session, (ql_slice){ (const uint8_t *)inside->str, inside->len });
        ql_datagram datagram;
        while (ql_capture_next(capture, &datagram))
            ql_session_add_datagram(session, &datagram);
        ql_session_finish(session);
    }
    ql_capture_close(capture);
    if (inside != NULL)
        g_string_free(inside, TRUE);
    return session;
}
