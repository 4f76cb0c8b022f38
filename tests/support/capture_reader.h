/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files as the model takes them, through libpcap and without Wireshark: for tests,
 * benchmarks and corpora. Knows Ethernet (with VLAN tags), raw IP, loopback and Linux "any"
 * captures. Fragments of IP are passed over. */
#ifndef QL_CAPTURE_READER_H
#define QL_CAPTURE_READER_H

#include "model/session.h"

typedef struct ql_capture ql_capture;

/* pcap or pcapng. NULL, with an error that names the file, when it cannot be read. */
ql_capture *ql_capture_open(const char *path, GError **error);
void ql_capture_close(ql_capture *capture); /* NULL is a no-op */

/* The next UDP datagram; its payload lives until the next call. Frames without one are counted and
 * passed over. False at the end of the file. */
bool ql_capture_next(ql_capture *capture, ql_datagram *out);

/* Text of all Decryption Secrets Blocks with TLS secrets; empty for a pcap file. NULL, with an
 * error, when the file cannot be read. */
GString *ql_capture_secrets(const char *path, GError **error);

/* A session that was fed with all of a capture, the secrets inside it and those of `keys` (NULL:
 * none), and finished. NULL, with an error, when a file cannot be read. */
ql_session *ql_capture_load(const char *path, const char *keys, GError **error);

#endif
