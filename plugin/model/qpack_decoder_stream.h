/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of a QPACK decoder stream (RFC 9204, 4.4). An observer needs none of them; it
 * only holds them against the rules. */
#ifndef QL_QPACK_DECODER_STREAM_H
#define QL_QPACK_DECODER_STREAM_H

#include <stdbool.h>

#include "model/slice.h"

/* All zero at the start of the stream. */
typedef struct ql_qpack_decoder_stream {
    uint64_t value;
    uint8_t shift;
    bool increment; /* the instruction that is being read is an Insert Count Increment */
    bool inside;
    bool bad;
} ql_qpack_decoder_stream;

/* Bytes in order. NULL, or static text that says what is wrong; said once. */
const char *ql_qpack_decoder_stream_read(ql_qpack_decoder_stream *stream, ql_slice bytes);

#endif
