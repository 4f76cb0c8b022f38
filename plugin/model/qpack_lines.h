/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoded field sections through nghttp3's decoder (RFC 9204, 4.5). */
#ifndef QL_QPACK_LINES_H
#define QL_QPACK_LINES_H

#include <nghttp3/nghttp3.h>

#include "model/qpack.h"
#include "model/reader.h"

#define QL_QPACK_ENTRY_OVERHEAD 32u /* RFC 9204, 3.2.1 */

ql_qpack_result ql_qpack_failed(const char *why);
ql_qpack_result ql_qpack_over_limit(const char *why);

/* RFC 7541, 5.1, as used by QPACK. `bits` is the length of the prefix. */
uint64_t ql_qpack_read_integer(ql_reader *reader, unsigned bits);

/* Static text for an error of nghttp3. */
const char *ql_qpack_error_text(nghttp3_ssize code);

/* All field lines of a section, up to its end; whatever of its prefix `context` has not read yet
 * comes first. *size is what they are together, counted as in RFC 9114, 4.2.2. */
ql_qpack_result ql_qpack_read_lines(nghttp3_qpack_decoder *decoder,
                                    nghttp3_qpack_stream_context *context, ql_slice rest,
                                    uint64_t *size);

/* A section that refers to the static table only, with a decoder of its own: what is wrong with it
 * does not harm the dynamic table, and no settings need to be known. */
ql_qpack_result ql_qpack_decode_plain(ql_slice encoded, uint64_t *size);

/* The lines of a section that do not refer to the dynamic table. */
ql_qpack_result ql_qpack_decode_part(ql_slice encoded, uint64_t *size);

#endif
