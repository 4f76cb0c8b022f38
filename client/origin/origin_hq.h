/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/0.9 on QUIC streams, which QUIC's interoperability tests use by the ALPN name hq-interop: on
 * a bidirectional stream the client sends "GET /path" and a line end, and gets the bytes of the
 * file and the end of the stream. What is not there ends by a reset. */
#pragma once

#include "origin_application.h"
#include "origin_http.h"

/* quic is borrowed. */
ql_origin_application *ql_origin_hq_new(ngtcp2_conn *quic, const ql_origin_http_settings *settings);
