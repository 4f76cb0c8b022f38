/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the error codes of HTTP/3 and of what runs over it. */
#ifndef QL_HTTP3_ERROR_H
#define QL_HTTP3_ERROR_H

#include <stdint.h>

#define QL_HTTP3_NO_ERROR          0x100
#define QL_HTTP3_REQUEST_REJECTED  0x10b
#define QL_HTTP3_REQUEST_CANCELLED 0x10c

/* "H3_NO_ERROR", "QPACK_DECOMPRESSION_FAILED" (RFC 9114, 8.1; RFC 9204, 6; RFC 9297, 5.2); NULL
 * when the code has no name. */
const char *ql_http3_error_name(uint64_t code);

/* "H3_NO_ERROR (0x100)", or the number alone. The caller frees it. */
char *ql_http3_error_text(uint64_t code);

#endif
