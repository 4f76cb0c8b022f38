/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that keeps what servers gave for the next connection: tickets (RFC 8446, 4.6.1), the
 * transport parameters that go with them (RFC 9000, 7.4.1), and address validation tokens (RFC
 * 9000, 8.1.3). It is text, a key file of GLib's, and holds secrets: whoever has a ticket can read
 * the early data of the connection that resumes it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define QL_SESSION_FILE_ERROR (ql_session_file_error_quark())
GQuark ql_session_file_error_quark(void); /* code 0; the message names the file and what is wrong */

/* What is known of one origin. All pointers may be NULL. */
typedef struct ql_session_entry {
    char *alpn;
    uint32_t version;   /* of QUIC */
    bool verified;      /* the certificate of that connection stood all tests */
    GBytes *ticket;     /* an SSL_SESSION in DER */
    GBytes *parameters; /* as ngtcp2_conn_encode_0rtt_transport_params has them */
    GBytes *token;      /* of a NEW_TOKEN frame */
} ql_session_entry;

typedef struct ql_session_file ql_session_file;

/* Reads the file; one that does not exist is as good as an empty one. NULL and error if it cannot
 * be read, or is not such a file. */
ql_session_file *ql_session_file_new(const char *path, GError **error);
void ql_session_file_free(ql_session_file *file); /* does not save; NULL is a no-op */

/* The same from memory; path is for ql_session_file_save and messages. */
ql_session_file *ql_session_file_parse(const char *path, const char *text, size_t length,
                                       GError **error);

/* The entry of an origin ("host:port"), a new one if there is none; valid as long as file. The
 * caller may change it. */
ql_session_entry *ql_session_file_entry(ql_session_file *file, const char *origin);

/* To be freed by g_free. */
char *ql_session_file_to_text(const ql_session_file *file);

/* Replaces the file by what is known now, with mode 0600. False and error on failure. */
bool ql_session_file_save(const ql_session_file *file, GError **error);
