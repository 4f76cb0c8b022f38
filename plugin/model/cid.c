/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cid.h"

#include <string.h>

ql_cid ql_cid_of(ql_slice bytes)
{
    ql_cid cid = { .length = (uint8_t)MIN(bytes.length, QL_CID_MAX) };

    if (cid.length > 0)
        memcpy(cid.bytes, bytes.data, cid.length);
    return cid;
}

bool ql_cid_equal(const ql_cid *a, const ql_cid *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

char *ql_cid_text(const ql_cid *cid)
{
    if (cid->length == 0)
        return g_strdup("(empty)");
    GString *text = g_string_sized_new(2u * cid->length);
    for (unsigned i = 0; i < cid->length; i++)
        g_string_append_printf(text, "%02x", cid->bytes[i]);
    return g_string_free(text, FALSE);
}
