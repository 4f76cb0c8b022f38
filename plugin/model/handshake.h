/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLS handshake of a connection, put together from CRYPTO frames (RFC 9001, 4) and read as far
 * as an observer needs: who speaks with whom about what, and which secrets belong to it. */
#ifndef QL_HANDSHAKE_H
#define QL_HANDSHAKE_H

#include "model/frames.h"
#include "model/tls_hello.h"

struct ql_connection_facts;
struct ql_journal;

#define QL_CRYPTO_BYTES_MAX 65536u /* of one side at one level; what lies beyond is passed over */

/* What a CRYPTO frame made known; several at once are or-ed. */
typedef enum ql_handshake_news {
    QL_NEWS_CLIENT_RANDOM = 1, /* also when a second ClientHello has another one */
    QL_NEWS_CLIENT_PARAMETERS = 2,
    QL_NEWS_SERVER_PARAMETERS = 4,
    QL_NEWS_ALPN = 8,
    QL_NEWS_EARLY_DATA_REJECTED = 16,
} ql_handshake_news;

typedef struct ql_handshake ql_handshake;

/* Fills in the facts as they become known. Borrows both. */
ql_handshake *ql_handshake_new(struct ql_connection_facts *facts, struct ql_journal *journal);
void ql_handshake_free(ql_handshake *handshake);

/* `handshake_level` tells Handshake packets from Initial ones. */
unsigned ql_handshake_on_crypto(ql_handshake *handshake, ql_side sender, bool handshake_level,
                                const ql_frame *frame, const ql_where *where);

/* The random of the ClientHello whose first bytes are among the frames of this Initial payload;
 * NULL when they are not. Borrowed from the payload. */
const uint8_t *ql_client_random_peek(ql_slice payload);

/* Retry: the client begins its Initial flight anew (RFC 9000, 17.2.5.2). */
void ql_handshake_restart(ql_handshake *handshake);

#endif
