/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_SLICE_H
#define QL_SLICE_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. Whoever hands a slice over says how long it lives; what is kept is copied. */
typedef struct ql_slice {
    const uint8_t *data; /* may be NULL when length is 0 */
    size_t length;
} ql_slice;

#endif
