/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "self_capture.h"

#include "private_file.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define IPV4_HEADER_BYTES 20u
#define IPV6_HEADER_BYTES 40u
#define UDP_HEADER_BYTES  8u
#define TIME_TO_LIVE      64 /* where it is not known */
#define ADDRESS_BYTES     16u
#define WHAT              "the capture"
#define STDOUT            "on standard output"

struct ql_self_capture {
    ql_pcapng *writer;
    char *place;       /* as messages call it */
    GString *secrets;  /* lines that wait for the next datagram */
    GHashTable *names; /* "address name" that are written */
    bool live;         /* somebody may be reading at the other end of a pipe */
};

/* One end of a datagram, in network byte order. */
typedef struct endpoint {
    uint8_t address[16];
    size_t address_length; /* 4, 16, or 0 if it is neither IPv4 nor IPv6 */
    uint16_t port;
} endpoint;

/* "Linux 6.1.0"; to be freed by g_free. */
static char *name_of_system(void)
{
    struct utsname system;
    return uname(&system) == 0 ? g_strdup_printf("%s %s", system.sysname, system.release) : NULL;
}

ql_self_capture *ql_self_capture_new_commented(const char *path_or_dash, const char *comment,
                                               GError **error)
{
    bool to_stdout = strcmp(path_or_dash, "-") == 0;
    int fd = to_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                       : ql_private_file_open(path_or_dash, WHAT, error);
    if (fd < 0) {
        if (to_stdout)
            g_propagate_error(error, ql_private_file_error(STDOUT, WHAT, errno));
        return NULL;
    }
    struct stat entry;
    ql_self_capture *capture = g_new0(ql_self_capture, 1);
    g_autofree char *system = name_of_system();
    const ql_pcapng_description description = {
        .application = "quiclens " QUICLENS_VERSION,
        .system = system,
        .comment = comment,
        .interface = "quiclens",
        .interface_description = "what quiclens itself sent and received",
        .link_type = QL_PCAPNG_LINKTYPE_RAW,
    };
    capture->writer = ql_pcapng_new(fd, &description);
    capture->place = to_stdout ? g_strdup(STDOUT) : ql_text_escape(path_or_dash);
    capture->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    capture->secrets = g_string_new(NULL);
    capture->live = fstat(fd, &entry) == 0 && !S_ISREG(entry.st_mode);
    if (capture->live)
        ql_pcapng_flush(capture->writer); /* the reader opens its window on the header */
    return capture;
}

ql_self_capture *ql_self_capture_new(const char *path_or_dash, GError **error)
{
    return ql_self_capture_new_commented(path_or_dash, NULL, error);
}

void ql_self_capture_secret(ql_self_capture *capture, const char *nss_line)
{
    g_string_append(capture->secrets, nss_line);
    if (!g_str_has_suffix(nss_line, "\n"))
        g_string_append_c(capture->secrets, '\n');
}

static void write_secrets(ql_self_capture *capture)
{
    if (capture->secrets->len == 0)
        return;
    ql_pcapng_write_secrets(capture->writer, QL_PCAPNG_SECRETS_TLS, capture->secrets->str,
                            capture->secrets->len);
    explicit_bzero(capture->secrets->str, capture->secrets->len);
    g_string_truncate(capture->secrets, 0);
}

static endpoint endpoint_of(const struct sockaddr *address)
{
    endpoint result = { .address_length = 0 };
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(result.address, &v4.sin_addr, 4);
        result.address_length = 4;
        result.port = v4.sin_port;
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        result.address_length = mapped ? 4 : 16;
        memcpy(result.address, v6.sin6_addr.s6_addr + (mapped ? 12 : 0), result.address_length);
        result.port = v6.sin6_port;
    }
    return result;
}

/* RFC 1071 has the sum of 16-bit words, in any byte order as long as it is one: here it is that of
 * memory. As 65536 counts as 1, wider words have the same sum, which two lanes of 64 bits hold of
 * their halves without a carry. An odd last byte counts with a zero behind it. What is summed up is
 * copied in the same pass: most of what a datagram costs here is to go over its bytes. */
typedef uint64_t lanes __attribute__((vector_size(16)));

static uint64_t copy_and_sum(uint8_t *to, const uint8_t *data, size_t length)
{
    lanes low = { 0 }, high = { 0 }, both;
    uint16_t word = 0;
    for (; length >= sizeof both; to += sizeof both, data += sizeof both, length -= sizeof both) {
        memcpy(&both, data, sizeof both);
        memcpy(to, &both, sizeof both);
        low += both & 0xffffffff;
        high += both >> 32;
    }
    uint64_t sum = low[0] + low[1] + high[0] + high[1];
    for (; length >= sizeof word; to += sizeof word, data += sizeof word, length -= sizeof word) {
        memcpy(&word, data, sizeof word);
        memcpy(to, &word, sizeof word);
        sum += word;
    }
    if (length == 0)
        return sum; /* data may be NULL */
    word = 0;
    memcpy(&word, data, length);
    memcpy(to, data, length);
    return sum + word;
}

/* As many bytes as a header has. */
static uint64_t sum_words(const uint8_t *data, size_t length)
{
    uint8_t unused[IPV6_HEADER_BYTES];
    return copy_and_sum(unused, data, length);
}

/* In the byte order of memory, too. */
static uint16_t fold_checksum(uint64_t sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint8_t ttl_of(const ql_captured *datagram)
{
    return datagram->ttl == 0 ? TIME_TO_LIVE : datagram->ttl;
}

static void write_ipv4_header(uint8_t *ip, const endpoint *from, const endpoint *to,
                              const ql_captured *datagram)
{
    size_t udp_length = UDP_HEADER_BYTES + datagram->length;
    memset(ip, 0, IPV4_HEADER_BYTES);
    ip[0] = 0x45;
    ip[1] = datagram->ecn & 3;
    store_u16(ip + 2, (uint16_t)(IPV4_HEADER_BYTES + udp_length));
    store_u16(ip + 6,
              0x4000); /* never fragmented (RFC 9000, 14), so that its identification is 0 */
    ip[8] = ttl_of(datagram);
    ip[9] = IPPROTO_UDP;
    memcpy(ip + 12, from->address, 4);
    memcpy(ip + 16, to->address, 4);
    uint16_t checksum = fold_checksum(sum_words(ip, IPV4_HEADER_BYTES));
    memcpy(ip + 10, &checksum, sizeof checksum);
}

static void write_ipv6_header(uint8_t *ip, const endpoint *from, const endpoint *to,
                              const ql_captured *datagram)
{
    memset(ip, 0, IPV6_HEADER_BYTES);
    ip[0] = 0x60;
    ip[1] = (uint8_t)((datagram->ecn & 3) << 4);
    store_u16(ip + 4, (uint16_t)(UDP_HEADER_BYTES + datagram->length));
    ip[6] = IPPROTO_UDP;
    ip[7] = ttl_of(datagram);
    memcpy(ip + 8, from->address, 16);
    memcpy(ip + 24, to->address, 16);
}

/* With the datagram behind it. */
static void write_udp(uint8_t *udp, const endpoint *from, const endpoint *to,
                      const ql_captured *datagram)
{
    uint16_t udp_length = (uint16_t)(UDP_HEADER_BYTES + datagram->length);
    memcpy(udp, &from->port, 2);
    memcpy(udp + 2, &to->port, 2);
    store_u16(udp + 4, udp_length);
    store_u16(udp + 6, 0);

    /* The pseudo header of RFC 768 and RFC 8200, 8.1: addresses, length, protocol. */
    uint64_t sum = (uint64_t)htons(udp_length) + htons(IPPROTO_UDP);
    sum += sum_words(from->address, from->address_length);
    sum += sum_words(to->address, to->address_length);
    sum += sum_words(udp, UDP_HEADER_BYTES);
    sum += copy_and_sum(udp + UDP_HEADER_BYTES, datagram->data, datagram->length);
    uint16_t checksum = fold_checksum(sum);
    checksum = checksum != 0 ? checksum : 0xffff; /* zero would say: there is none */
    memcpy(udp + 6, &checksum, sizeof checksum);
}

/* Says why no header can carry the datagram, or NULL. */
static const char *find_misfit(const endpoint *from, const endpoint *to, size_t length)
{
    if (from->address_length == 0 || to->address_length == 0)
        return "an address is neither IPv4 nor IPv6";
    if (from->address_length != to->address_length)
        return "its addresses are of two families";
    size_t headers_in_length = UDP_HEADER_BYTES;
    if (from->address_length == 4) /* IPv4's total length counts its header, IPv6's does not */
        headers_in_length += IPV4_HEADER_BYTES;
    return length > UINT16_MAX - headers_in_length ? "it is longer than UDP can carry" : NULL;
}

void ql_self_capture_record(ql_self_capture *capture, const ql_captured *datagram)
{
    endpoint sender = endpoint_of(datagram->from), receiver = endpoint_of(datagram->to);
    const char *misfit = find_misfit(&sender, &receiver, datagram->length);
    if (misfit != NULL) {
        ql_pcapng_fail(capture->writer,
                       g_error_new(G_FILE_ERROR, G_FILE_ERROR_INVAL, "datagram of %zu bytes: %s",
                                   datagram->length, misfit));
        return;
    }
    write_secrets(capture);
    bool v4 = sender.address_length == 4;
    size_t ip_length = v4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
    uint8_t *ip = ql_pcapng_begin_packet(capture->writer, datagram->time_ns,
                                         ip_length + UDP_HEADER_BYTES + datagram->length);
    if (ip == NULL)
        return;
    if (v4)
        write_ipv4_header(ip, &sender, &receiver, datagram);
    else
        write_ipv6_header(ip, &sender, &receiver, datagram);
    write_udp(ip + ip_length, &sender, &receiver, datagram);
    const ql_pcapng_remarks remarks = { datagram->way, datagram->lost, datagram->comment };
    ql_pcapng_end_packet(capture->writer, &remarks);
    if (capture->live)
        ql_pcapng_flush(capture->writer);
}

void ql_self_capture_name(ql_self_capture *capture, const struct sockaddr *address,
                          const char *name)
{
    endpoint host = endpoint_of(address);
    uint8_t unused[ADDRESS_BYTES];
    if (host.address_length == 0 || inet_pton(AF_INET, name, unused) == 1 ||
        strchr(name, ':') != NULL) /* no name of a host has one, every IPv6 address does */
        return;
    GString *key = g_string_new(NULL);
    for (size_t i = 0; i < host.address_length; i++)
        g_string_append_printf(key, "%02x", host.address[i]);
    g_string_append_printf(key, " %s", name);
    if (g_hash_table_add(capture->names, g_string_free(key, FALSE)))
        ql_pcapng_write_name(capture->writer, host.address, host.address_length, name);
}

void ql_self_capture_flush(ql_self_capture *capture)
{
    ql_pcapng_flush(capture->writer);
}

bool ql_self_capture_close(ql_self_capture *capture, GError **error)
{
    if (capture == NULL)
        return true;
    write_secrets(capture);
    bool ok = ql_pcapng_close(capture->writer, error);
    if (!ok)
        g_prefix_error(error, "cannot write " WHAT " %s: ", capture->place);
    g_free(capture->place);
    g_string_free(capture->secrets, TRUE);
    g_hash_table_unref(capture->names);
    g_free(capture);
    return ok;
}
