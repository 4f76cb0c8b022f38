/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES_AT_ONCE 16
#define MESSAGE_BYTES    65536 /* with GRO the kernel hands over up to 64 KB in one message */
#define SOCKET_BUFFER_BYTES                                                                        \
    4194304 /* asked for; the kernel gives what net.core.rmem_max allows                           \
             */
#define CONTROL_BYTES        256
#define DATAGRAMS_IN_A_BATCH 64 /* UDP_MAX_SEGMENTS of the kernel */

G_DEFINE_QUARK(ql_udp_error, ql_udp_error)

/* One message that recvmmsg filled; with GRO it holds several datagrams in a row. */
typedef struct message {
    ql_udp_datagram first; /* address, time and ECN of all */
    size_t segment;
    size_t taken;  /* bytes that the caller has already */
    uint32_t lost; /* in all on this socket, until this one came */
} message;

struct ql_udp {
    int fd;
    ql_address local, remote;
    bool segments; /* the kernel takes UDP_SEGMENT */
    message messages[MESSAGES_AT_ONCE];
    int count, next; /* of messages: filled, and not yet handed out */
    uint32_t lost;   /* as of the newest message; it wraps, as the kernel's own count does */
    uint8_t *buffer; /* MESSAGES_AT_ONCE * MESSAGE_BYTES */
};

uint64_t ql_udp_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void set_error(GError **error, int cause, const char *what)
{
    ql_udp_error code = QL_UDP_ERROR_FAILED;
    if (cause == ECONNREFUSED)
        code = QL_UDP_ERROR_REFUSED;
    else if (cause == EHOSTUNREACH || cause == ENETUNREACH || cause == ENETDOWN ||
             cause == EHOSTDOWN)
        code = QL_UDP_ERROR_UNREACHABLE;
    g_set_error(error, QL_UDP_ERROR, (gint)code, "%s: %s", what, g_strerror(cause));
}

static bool set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Everything here is an improvement that the socket also works without. */
static void set_options(ql_udp *udp, int family)
{
    int fd = udp->fd;
    set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
    set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    set_option(fd, SOL_UDP, UDP_GRO, 1);
    udp->segments = set_option(fd, SOL_UDP, UDP_SEGMENT, 0);
    if (family == AF_INET6) {
        set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    } else {
        set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
        set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
        set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
}

static ql_udp *open_socket(int family, GError **error)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        set_error(error, errno, "cannot open a UDP socket");
        return NULL;
    }
    ql_udp *udp = g_new0(ql_udp, 1);
    udp->fd = fd;
    udp->buffer = g_malloc((gsize)MESSAGES_AT_ONCE * MESSAGE_BYTES);
    if (family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_options(udp, family);
    return udp;
}

static bool learn_local(ql_udp *udp, GError **error)
{
    udp->local.length = sizeof udp->local.storage;
    if (getsockname(udp->fd, (struct sockaddr *)&udp->local.storage, &udp->local.length) == 0)
        return true;
    set_error(error, errno, "cannot learn the local address");
    return false;
}

ql_udp *ql_udp_connect(const ql_address *remote, const ql_local_end *local, GError **error)
{
    ql_udp *udp = open_socket(remote->storage.ss_family, error);
    if (udp == NULL)
        return NULL;
    udp->remote = *remote;
    if (local != NULL && !ql_local_end_bind(local, udp->fd, remote->storage.ss_family, error)) {
        ql_udp_free(udp);
        return NULL;
    }
    if (connect(udp->fd, ql_address_sockaddr(remote), remote->length) == 0) {
        if (learn_local(udp, error))
            return udp;
    } else {
        int cause = errno;
        g_autofree char *to = ql_address_to_string(remote);
        g_autofree char *what = g_strdup_printf("cannot reach %s", to);
        set_error(error, cause, what);
    }
    ql_udp_free(udp);
    return NULL;
}

ql_udp *ql_udp_listen(const ql_address *local, GError **error)
{
    ql_udp *udp = open_socket(local->storage.ss_family, error);
    if (udp == NULL)
        return NULL;
    if (bind(udp->fd, ql_address_sockaddr(local), local->length) == 0) {
        if (learn_local(udp, error))
            return udp;
    } else {
        int cause = errno;
        g_autofree char *at = ql_address_to_string(local);
        g_autofree char *what = g_strdup_printf("cannot listen on %s", at);
        set_error(error, cause, what);
    }
    ql_udp_free(udp);
    return NULL;
}

void ql_udp_disable_segmentation(ql_udp *udp)
{
    udp->segments = false;
}

void ql_udp_free(ql_udp *udp)
{
    if (udp == NULL)
        return;
    close(udp->fd);
    g_free(udp->buffer);
    g_free(udp);
}

int ql_udp_fd(const ql_udp *udp)
{
    return udp->fd;
}

const ql_address *ql_udp_local(const ql_udp *udp)
{
    return &udp->local;
}

const ql_address *ql_udp_remote(const ql_udp *udp)
{
    return &udp->remote;
}

uint8_t ql_udp_ttl(const ql_udp *udp)
{
    int ttl = 0;
    socklen_t length = sizeof ttl;
    bool v6 = udp->local.storage.ss_family == AF_INET6;
    int rv = getsockopt(udp->fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL,
                        &ttl, &length);
    return rv == 0 && ttl > 0 && ttl <= UINT8_MAX ? (uint8_t)ttl : 0;
}

static void read_control(struct cmsghdr *header, message *into)
{
    void *data = CMSG_DATA(header);
    ql_udp_datagram *first = &into->first;
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec time;
        memcpy(&time, data, sizeof time);
        first->time_ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    } else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
        memcpy(&into->lost, data, sizeof into->lost);
    } else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
        int segment;
        memcpy(&segment, data, sizeof segment);
        into->segment = segment > 0 ? (size_t)segment : into->segment;
    } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) {
        first->ecn = *(const uint8_t *)data & 3;
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS) {
        int traffic_class;
        memcpy(&traffic_class, data, sizeof traffic_class);
        first->ecn = (uint8_t)(traffic_class & 3);
    } else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL) ||
               (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT)) {
        int ttl;
        memcpy(&ttl, data, sizeof ttl);
        first->ttl = (uint8_t)ttl;
    } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, data, sizeof info);
        ((struct sockaddr_in *)&first->local.storage)->sin_addr = info.ipi_addr;
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, data, sizeof info);
        struct sockaddr_in6 *local = (struct sockaddr_in6 *)&first->local.storage;
        local->sin6_addr = info.ipi6_addr;
        local->sin6_scope_id =
            IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? (uint32_t)info.ipi6_ifindex : 0;
    }
}

/* Fills the messages. Returns how many, 0 if nothing is there, -1 with errno. */
static int fill(ql_udp *udp)
{
    struct mmsghdr headers[MESSAGES_AT_ONCE] = { 0 };
    struct iovec parts[MESSAGES_AT_ONCE];
    _Alignas(struct cmsghdr) uint8_t control[MESSAGES_AT_ONCE][CONTROL_BYTES];
    for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
        ql_udp_datagram *first = &udp->messages[i].first;
        *first = (ql_udp_datagram){ .local = udp->local };
        parts[i] = (struct iovec){ udp->buffer + (size_t)i * MESSAGE_BYTES, MESSAGE_BYTES };
        headers[i].msg_hdr = (struct msghdr){ .msg_name = &first->remote.storage,
                                              .msg_namelen = sizeof first->remote.storage,
                                              .msg_iov = &parts[i],
                                              .msg_iovlen = 1,
                                              .msg_control = control[i],
                                              .msg_controllen = CONTROL_BYTES };
    }
    int count = recvmmsg(udp->fd, headers, MESSAGES_AT_ONCE, MSG_DONTWAIT, NULL);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    uint64_t now = ql_udp_now();
    for (int i = 0; i < count; i++) {
        message *into = &udp->messages[i];
        struct msghdr *header = &headers[i].msg_hdr;
        bool whole = (header->msg_flags & MSG_TRUNC) == 0;
        into->first.remote.length = header->msg_namelen;
        into->first.time_ns = now; /* until the kernel's own time is found below */
        into->first.data = parts[i].iov_base;
        into->first.length = whole ? headers[i].msg_len : 0;
        into->segment = into->first.length;
        into->taken = 0;
        into->lost = udp->lost; /* the kernel says nothing as long as it is 0 */
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
            read_control(c, into);
        into->first.lost = into->lost - udp->lost;
        udp->lost = into->lost;
    }
    udp->count = count;
    udp->next = 0;
    return count;
}

int ql_udp_receive(ql_udp *udp, ql_udp_datagram *datagrams, size_t capacity, GError **error)
{
    int found = 0;
    if (udp->next == udp->count && fill(udp) < 0) {
        set_error(error, errno, "cannot receive");
        return -1;
    }
    while (udp->next < udp->count && (size_t)found < capacity) {
        message *from = &udp->messages[udp->next];
        size_t left = from->first.length - from->taken;
        if (left == 0) {
            udp->next++;
            continue;
        }
        ql_udp_datagram *datagram = &datagrams[found++];
        *datagram = from->first;
        datagram->data += from->taken;
        datagram->length = MIN(left, from->segment);
        from->first.lost = 0; /* it is said of the first of them */
        from->taken += datagram->length;
    }
    return found;
}

static struct cmsghdr *next_control(struct msghdr *header, struct cmsghdr *last, int level,
                                    int type, const void *data, size_t length)
{
    struct cmsghdr *control = last == NULL ? CMSG_FIRSTHDR(header) : CMSG_NXTHDR(header, last);
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(control), data, length);
    return control;
}

/* Source address, ECN and segment length, behind one another. Returns the bytes used. */
static size_t write_control(struct msghdr *header, int family, const ql_udp_batch *batch,
                            size_t segment)
{
    struct cmsghdr *last = NULL;
    size_t used = 0;
    int ecn = batch->ecn;
    bool ipv6 = family == AF_INET6;
    if (ecn != 0) {
        last = next_control(header, last, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                            ipv6 ? IPV6_TCLASS : IP_TOS, &ecn, sizeof ecn);
        used += CMSG_SPACE(sizeof ecn);
    }
    if (batch->from != NULL && ipv6) {
        const struct sockaddr_in6 *from = (const struct sockaddr_in6 *)&batch->from->storage;
        struct in6_pktinfo info = { .ipi6_addr = from->sin6_addr,
                                    .ipi6_ifindex = (unsigned)from->sin6_scope_id };
        last = next_control(header, last, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
        used += CMSG_SPACE(sizeof info);
    } else if (batch->from != NULL) {
        const struct sockaddr_in *from = (const struct sockaddr_in *)&batch->from->storage;
        struct in_pktinfo info = { .ipi_spec_dst = from->sin_addr };
        last = next_control(header, last, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        used += CMSG_SPACE(sizeof info);
    }
    if (segment > 0) {
        uint16_t length = (uint16_t)segment;
        next_control(header, last, SOL_UDP, UDP_SEGMENT, &length, sizeof length);
        used += CMSG_SPACE(sizeof length);
    }
    return used;
}

/* One call of sendmsg; segment 0 is one datagram. Returns 0 or errno. */
static int send_message(ql_udp *udp, const ql_udp_batch *batch, const uint8_t *data, size_t length,
                        size_t segment)
{
    _Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES] = { 0 };
    struct iovec part = { (void *)(uintptr_t)data, length };
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
    };
    if (batch->to != NULL) {
        header.msg_name = (void *)(uintptr_t)ql_address_sockaddr(batch->to);
        header.msg_namelen = batch->to->length;
    }
    header.msg_controllen = write_control(&header, udp->local.storage.ss_family, batch, segment);
    if (header.msg_controllen == 0)
        header.msg_control = NULL;
    ssize_t sent;
    do {
        sent = sendmsg(udp->fd, &header, MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

static bool is_full(int cause)
{
    return cause == EAGAIN || cause == ENOBUFS;
}

ssize_t ql_udp_send(ql_udp *udp, const ql_udp_batch *batch, GError **error)
{
    size_t segment = batch->segment == 0 ? batch->length : MIN(batch->segment, batch->length);
    if (udp->segments && segment < batch->length) {
        g_assert(batch->length <= segment * DATAGRAMS_IN_A_BATCH);
        int cause = send_message(udp, batch, batch->data, batch->length, segment);
        if (cause == 0)
            return (ssize_t)batch->length;
        if (is_full(cause))
            return 0;
        /* Some drivers and routes have no segmentation: one by one, from now on. An ICMP error that
         * was waiting on the socket says nothing about segmentation. */
        if (cause == ECONNREFUSED || cause == EHOSTUNREACH || cause == ENETUNREACH) {
            set_error(error, cause, "cannot send");
            return -1;
        }
        udp->segments = cause == EMSGSIZE;
    }
    for (size_t at = 0; at < batch->length; at += segment) {
        size_t length = MIN(segment, batch->length - at);
        int cause = send_message(udp, batch, batch->data + at, length, 0);
        if (is_full(cause))
            return (ssize_t)at;
        if (cause != 0 && cause != EMSGSIZE) {
            set_error(error, cause, "cannot send");
            return -1;
        }
    }
    return (ssize_t)batch->length;
}
