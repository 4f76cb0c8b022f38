/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an observer needs of the TLS 1.3 handshake (RFC 8446, 4), read from CRYPTO data. */
#ifndef QL_TLS_HELLO_H
#define QL_TLS_HELLO_H

#include "model/secrets_log.h"
#include "model/transport_parameters.h"

#define QL_TLS_CLIENT_HELLO         1
#define QL_TLS_SERVER_HELLO         2
#define QL_TLS_NEW_SESSION_TICKET   4
#define QL_TLS_ENCRYPTED_EXTENSIONS 8
#define QL_TLS_CERTIFICATE          11
#define QL_TLS_FINISHED             20

#define QL_TLS_NAME_MAX                                                                            \
    256 /* bytes with the end; RFC 6066: a DNS name; RFC 7301: an ALPN of 255 bytes */
#define QL_TLS_ALPN_MAX 8 /* of a ClientHello's list; the rest is passed over */

/* One handshake message of a stream of them: its type and body. False when it is not there whole.
 */
bool ql_tls_message_read(ql_slice stream, uint8_t *type, ql_slice *body, size_t *used);

/* Names are copied with unprintable bytes replaced by '?'; an absent one is "". */
typedef struct ql_client_hello {
    uint8_t random[QL_CLIENT_RANDOM_LENGTH];
    char server_name[QL_TLS_NAME_MAX];
    char alpn[QL_TLS_ALPN_MAX][QL_TLS_NAME_MAX];
    unsigned alpn_count;
    bool early_data, pre_shared_key;
    ql_transport_parameters parameters;
} ql_client_hello;

typedef struct ql_server_hello {
    uint8_t random[QL_CLIENT_RANDOM_LENGTH];
    uint16_t cipher_suite;
    bool hello_retry_request; /* RFC 8446, 4.1.3: by its special random */
    bool pre_shared_key;      /* resumed */
} ql_server_hello;

typedef struct ql_encrypted_extensions {
    char alpn[QL_TLS_NAME_MAX];
    bool early_data; /* 0-RTT was accepted */
    ql_transport_parameters parameters;
} ql_encrypted_extensions;

/* Bodies as ql_tls_message_read gives them. False, with *why, a constant phrase with its RFC
 * section, when they break the format; what could be read all the same, the random first of all, is
 * in *out. */
bool ql_client_hello_read(ql_slice body, ql_client_hello *out, const char **why);
bool ql_server_hello_read(ql_slice body, ql_server_hello *out, const char **why);
bool ql_encrypted_extensions_read(ql_slice body, ql_encrypted_extensions *out, const char **why);

#endif
