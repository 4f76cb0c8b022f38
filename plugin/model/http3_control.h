/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control stream of one side (RFC 9114, 6.2.1 and 7.2): SETTINGS, GOAWAY, push credit,
 * priorities. */
#ifndef QL_HTTP3_CONTROL_H
#define QL_HTTP3_CONTROL_H

#include "model/http3_scope.h"

typedef struct ql_http3_control ql_http3_control;

ql_http3_control *ql_http3_control_new(ql_http3_scope *scope, ql_side sender);
void ql_http3_control_free(ql_http3_control *control);

/* Bytes of the stream behind its type, in order. */
void ql_http3_control_push(ql_http3_control *control, uint64_t stream_id, ql_slice bytes);

/* Of ql_setting; NULL until they were seen. */
const GArray *ql_http3_control_settings(const ql_http3_control *control);

#define QL_SETTING_QPACK_MAX_TABLE_CAPACITY UINT64_C(0x01) /* RFC 9204, 5 */
#define QL_SETTING_ENABLE_CONNECT_PROTOCOL  UINT64_C(0x08) /* RFC 9220, 5 */
#define QL_SETTING_H3_DATAGRAM              UINT64_C(0x33) /* RFC 9297, 5.1; and in its drafts: */
#define QL_SETTING_H3_DATAGRAM_DRAFT00      UINT64_C(0x276)
#define QL_SETTING_H3_DATAGRAM_DRAFT04      UINT64_C(0xffd277)

/* Whether these settings allow sessions of WebTransport, in any of its drafts. */
bool ql_http3_settings_allow_webtransport(const GArray *settings);

/* The value of a setting, 0 where it is not in the list. */
uint64_t ql_http3_setting(const GArray *settings, uint64_t identifier);

#endif
