/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TLS negotiated, for -v. */
#pragma once

#include "tls.h"
#include "trace.h"

/* Cipher suite, group, ALPN, and the peer's certificate with the result of its verification. To be
 * called once the handshake is complete; trace may be NULL. */
void ql_tls_trace(const ql_tls *tls, ql_trace *trace);
