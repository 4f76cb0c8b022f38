/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A writer of pcapng (draft-ietf-opsawg-pcapng): one section, one interface, packets with
 * nanosecond times, secrets, and names of addresses. It knows bytes and a file descriptor, nothing
 * of networks.
 *
 * What is gathered is written when it is much, and by ql_pcapng_flush, after which the last block
 * is whole; before, its end may still be to come. A write that fails is remembered: every later
 * call does nothing, a regular file is cut back to its last whole block, and close reports the
 * failure. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Link types of the registry of tcpdump.org, as far as they are used here. */
#define QL_PCAPNG_LINKTYPE_RAW 101 /* the packet begins with its IPv4 or IPv6 header */

/* Types of secrets in a Decryption Secrets Block. */
#define QL_PCAPNG_SECRETS_TLS 0x544c534bu /* "TLSK": lines of an NSS key log */

typedef struct ql_pcapng ql_pcapng;

/* What stands in the section header and the interface description. All strings are UTF-8, at most
 * 65,535 bytes, and may be NULL, which leaves the option out. */
typedef struct ql_pcapng_description {
    const char *application;           /* shb_userappl */
    const char *system;                /* shb_os and if_os */
    const char *comment;               /* opt_comment of the section */
    const char *interface;             /* if_name */
    const char *interface_description; /* if_description */
    uint16_t link_type;
} ql_pcapng_description;

/* Begins a section on fd, which is owned from here on and may be a file, a pipe or a socket.
 * Nothing is written before the first flush. Never NULL. */
ql_pcapng *ql_pcapng_new(int fd, const ql_pcapng_description *description);

/* A Decryption Secrets Block. It must come before the packets that it opens. */
void ql_pcapng_write_secrets(ql_pcapng *writer, uint32_t type, const void *data, size_t length);

/* A Name Resolution Block: an address (4 or 16 bytes, in network order) has this name, of at most
 * 255 bytes. Anything else is left out. */
void ql_pcapng_write_name(ql_pcapng *writer, const uint8_t *address, size_t address_length,
                          const char *name);

typedef enum ql_pcapng_way {
    QL_PCAPNG_WAY_UNKNOWN = 0,
    QL_PCAPNG_WAY_INBOUND = 1,
    QL_PCAPNG_WAY_OUTBOUND = 2,
} ql_pcapng_way; /* of epb_flags */

/* Begins an Enhanced Packet Block for a packet that was captured whole, at time_ns nanoseconds
 * since 1970. Returns where its length bytes are to be put, before the packet is ended; NULL after
 * a failure: there is nothing to end then. */
uint8_t *ql_pcapng_begin_packet(ql_pcapng *writer, uint64_t time_ns, size_t length);

/* What is said about a packet. */
typedef struct ql_pcapng_remarks {
    ql_pcapng_way way;
    uint64_t lost;       /* epb_dropcount: packets that were lost between this and the one before */
    const char *comment; /* opt_comment; NULL: none */
} ql_pcapng_remarks;

void ql_pcapng_end_packet(ql_pcapng *writer, const ql_pcapng_remarks *remarks);

/* Hands all that is gathered to the kernel. */
void ql_pcapng_flush(ql_pcapng *writer);

/* Marks the capture as failed for a reason of the caller's; the first failure stays. Takes error.
 */
void ql_pcapng_fail(ql_pcapng *writer, GError *error);

/* Flushes, closes the descriptor, frees. NULL is a no-op that returns true. */
bool ql_pcapng_close(ql_pcapng *writer, GError **error);
