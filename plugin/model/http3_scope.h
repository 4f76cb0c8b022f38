/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms of HTTP/3 of one connection share: where to report, which captured frame is being
 * looked at, the QPACK state of both directions, the exchanges. */
#ifndef QL_HTTP3_SCOPE_H
#define QL_HTTP3_SCOPE_H

#include <openssl/evp.h>

#include "model/http3_agreement.h"
#include "model/journal.h"
#include "model/qpack.h"

struct ql_pushes;

typedef struct ql_http3_scope {
    ql_journal *journal; /* borrowed */
    uint32_t connection;
    ql_where now;           /* the captured frame that is being looked at */
    ql_stream_piece *piece; /* the STREAM frame that is being looked at, or NULL */
    ql_qpack *qpack[2];     /* by sender */
    ql_body_budget *bodies; /* borrowed; NULL: bodies are hashed, not kept */
    struct ql_pushes *pushes;
    ql_http3_agreement agreement;
    GPtrArray *exchanges; /* of ql_exchange *, owned */
    GPtrArray *forgotten; /* of ql_exchange *, owned: of rejected early data */
    bool in_order;        /* of the exchanges, by the first frames of their requests */
    EVP_MD *sha256;
    EVP_MD_CTX *spare; /* so that short bodies do not allocate one each */
} ql_http3_scope;

void ql_http3_scope_init(ql_http3_scope *scope, ql_journal *journal, uint32_t connection);
void ql_http3_scope_clear(ql_http3_scope *scope);

/* Takes the exchange. */
void ql_http3_scope_add(ql_http3_scope *scope, ql_exchange *exchange);

/* Takes the exchanges that are keys of the table off the list; they stay valid as long as the
 * scope.
 */
void ql_http3_scope_forget(ql_http3_scope *scope, GHashTable *exchanges);

/* In the order of their requests' first frames. */
const GPtrArray *ql_http3_scope_exchanges(ql_http3_scope *scope);

/* A running SHA-256; NULL when libcrypto does not give one. Give it back by the second call, which
 * takes NULL too. */
EVP_MD_CTX *ql_http3_scope_digest(ql_http3_scope *scope);
void ql_http3_scope_digest_done(ql_http3_scope *scope, EVP_MD_CTX *digest);

/* A finding of this connection on the frame that is being looked at. */
#define ql_http3_find(scope, code, ...)                                                            \
    ql_journal_find((scope)->journal, (scope)->connection, (scope)->now.frame, code, __VA_ARGS__)

#endif
