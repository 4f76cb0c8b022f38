/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 with one thing wrong (origin_misbehaviour.h): it writes the bytes of its streams itself,
 * and answers every request in the same way, as soon as it came whole. */
#pragma once

#include "origin_application.h"
#include "origin_http.h"

/* settings->misbehaviour is of QL_ORIGIN_FAULT_HTTP. quic is borrowed. */
ql_origin_application *ql_origin_faulty_new(ngtcp2_conn *quic,
                                            const ql_origin_http_settings *settings);
