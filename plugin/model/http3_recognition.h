/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 told by its bytes, where the handshake that names the protocol was not captured. */
#ifndef QL_HTTP3_RECOGNITION_H
#define QL_HTTP3_RECOGNITION_H

#include "model/datagram.h"

/* Whether the first bytes of a half can only be HTTP/3: a control stream that begins with SETTINGS,
 * or a request or response that begins with a field section that can be decoded. */
bool ql_http3_is_recognized(uint64_t stream_id, ql_side sender, ql_slice first_bytes);

#endif
