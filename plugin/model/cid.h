/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_CID_H
#define QL_CID_H

#include <stdbool.h>
#include <glib.h>

#include "model/slice.h"

#define QL_CID_MAX 20 /* RFC 9000, 17.2: versions 1 and 2 and the drafts */

/* A connection ID by value; bytes beyond the length are zero. */
typedef struct ql_cid {
    uint8_t bytes[QL_CID_MAX];
    uint8_t length;
} ql_cid;

/* At most QL_CID_MAX bytes of `bytes`. */
ql_cid ql_cid_of(ql_slice bytes);
bool ql_cid_equal(const ql_cid *a, const ql_cid *b);

/* Lower-case hex, "(empty)" for no bytes; the caller frees it. */
char *ql_cid_text(const ql_cid *cid);

#endif
