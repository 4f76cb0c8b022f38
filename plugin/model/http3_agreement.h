/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What HTTP/3 may be used for only where SETTINGS agree to it: extended CONNECT (RFC 9220, 3) and
 * datagrams (RFC 9297, 2.1.1). SETTINGS and use may be captured in any order; without the SETTINGS
 * of a side nothing is said of it. */
#ifndef QL_HTTP3_AGREEMENT_H
#define QL_HTTP3_AGREEMENT_H

#include "model/journal.h"
#include "model/stream.h"

/* Where something was used first. Frame 0: it was not. */
typedef struct ql_http3_use {
    ql_where where;
    uint64_t stream_id;
    bool told;
} ql_http3_use;

/* Plain values; zero is the beginning. */
typedef struct ql_http3_agreement {
    const GArray *settings[2]; /* borrowed; NULL until they were seen */
    ql_http3_use extended_connect;
    ql_http3_use datagram[2]; /* by sender */
} ql_http3_agreement;

struct ql_http3_scope;

/* The calls report what was not agreed on, each once. */
void ql_http3_agreement_on_settings(struct ql_http3_scope *scope, ql_side side,
                                    const GArray *settings);
void ql_http3_agreement_on_extended_connect(struct ql_http3_scope *scope, uint64_t stream_id,
                                            const ql_where *where);
void ql_http3_agreement_on_datagram(struct ql_http3_scope *scope, ql_side sender,
                                    uint64_t stream_id);

/* Nothing that the client said counts any longer. */
void ql_http3_agreement_forget_client(struct ql_http3_scope *scope);

#endif
