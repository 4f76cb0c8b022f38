/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Content codings (RFC 9110, 8.4.1; RFC 7932; RFC 8878) of content that is in memory as a whole. */
#pragma once

#include <glib.h>

typedef enum ql_origin_coding {
    QL_ORIGIN_CODING_NONE,
    QL_ORIGIN_CODING_GZIP,
    QL_ORIGIN_CODING_BROTLI,
    QL_ORIGIN_CODING_ZSTD,
} ql_origin_coding;

/* What content-encoding says; NULL for none. */
const char *ql_origin_coding_name(ql_origin_coding coding);

/* The coded content, to be freed by g_bytes_unref. NULL if the library fails. */
GBytes *ql_origin_coding_encode(ql_origin_coding coding, GBytes *content);
