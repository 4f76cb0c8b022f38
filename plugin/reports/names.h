/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What numbers of the protocols are called. */
#ifndef QL_NAMES_H
#define QL_NAMES_H

#include "model/connection.h"

/* "Not Found"; NULL for a status code that RFC 9110 and its companions do not list. */
const char *ql_status_phrase(uint16_t status);

/* "404 (Not Found)", "299"; the caller frees it. */
char *ql_status_text(uint16_t status);

/* "QUIC v1", "QUIC v2", "QUIC draft-29", "QUIC 0x0a0a0a0a"; the caller frees it. */
char *ql_version_text(uint32_t version);

/* "H3_NO_ERROR (0x100)", "PROTOCOL_VIOLATION (0xa)": the error that closed the connection; NULL
 * while it is open. The caller frees it. */
char *ql_close_text(const ql_connection_facts *facts);

#endif
