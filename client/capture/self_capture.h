/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture that the program takes of itself: each datagram that it sends and receives goes, behind
 * synthetic IP and UDP headers, into a pcapng stream together with the TLS secrets that open it. No
 * privilege is needed, and what the kernel does on the way (GSO, GRO, checksum offload) never
 * shows: one record is one datagram.
 *
 * The headers are those that the datagram would have had on the wire: the real addresses and ports,
 * the ECN bits, TTL or hop limit, correct checksums (RFC 791, 768, 8200). The link type is
 * LINKTYPE_RAW: the record begins with the IP header.
 *
 * Order is the caller's duty, and it is simple: a secret must be handed over before the first
 * datagram that it opens. A received datagram therefore is handed over after it was processed, with
 * the time at which it came. */
#pragma once

#include "pcapng.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct ql_self_capture ql_self_capture;

/* Opens the capture. "-" is standard output, for a live reader at the other end of a pipe; to
 * whatever is not a regular file, every datagram is written at once (who writes to a pipe ignores
 * SIGPIPE). A file is created with mode 0600, as it holds secrets; one that is there is emptied and
 * gets that mode. A symbolic link is followed only if it is the user's own or root's. NULL and
 * error if it cannot be opened. */
ql_self_capture *ql_self_capture_new(const char *path_or_dash, GError **error);

/* The same, with a comment on the whole capture, which Wireshark shows among its properties. */
ql_self_capture *ql_self_capture_new_commented(const char *path_or_dash, const char *comment,
                                               GError **error);

/* One line of the secrets log in NSS format, with or without its line feed. The line is copied. It
 * becomes a Decryption Secrets Block ahead of the next datagram; lines that come together share
 * one. */
void ql_self_capture_secret(ql_self_capture *capture, const char *nss_line);

/* The host of an address has this name, which Wireshark can show in its stead. It is written once;
 * a name that is itself an address is not. */
void ql_self_capture_name(ql_self_capture *capture, const struct sockaddr *address,
                          const char *name);

/* One datagram. from and to are sockaddr_in or sockaddr_in6 of the same family; IPv4-mapped IPv6
 * addresses (RFC 4291, 2.5.5.2) are written as the IPv4 that they stand for. */
typedef struct ql_captured {
    uint64_t time_ns; /* nanoseconds since 1970 (CLOCK_REALTIME) */
    const struct sockaddr *from, *to;
    ql_pcapng_way way;
    uint8_t ecn;         /* the two bits of RFC 3168 */
    uint8_t ttl;         /* or hop limit; 0: it is not known, and 64 is written */
    const uint8_t *data; /* UDP payload: at most 65,507 bytes on IPv4 and 65,527 on IPv6 */
    size_t length;
    uint64_t lost;       /* the kernel had no room for so many just before it */
    const char *comment; /* on the packet, which Wireshark shows with it; NULL: none */
} ql_captured;

/* A datagram that fits no header (mixed families, too long) is an error, which close reports. */
void ql_self_capture_record(ql_self_capture *capture, const ql_captured *datagram);

/* Writes what is buffered, so that a reader of the file sees all that was handed over: a good thing
 * to do before one waits for the network. */
void ql_self_capture_flush(ql_self_capture *capture);

/* Ends the capture and frees it; NULL is a no-op that returns true. False and error, which names
 * the file, if anything could not be written: the first failure (a full disk) is remembered,
 * nothing more is attempted after it, and what was written until then stays readable. */
bool ql_self_capture_close(ql_self_capture *capture, GError **error);
