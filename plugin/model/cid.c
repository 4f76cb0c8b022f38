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

guint ql_cid_hash(const ql_cid *cid)
{
    uint64_t words[3] = { 0 };
    memcpy(words, cid->bytes, sizeof cid->bytes);
    uint64_t hash = cid->length + 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return (guint)hash;
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

guint ql_cid_key_hash(gconstpointer key)
{
    return ql_cid_hash(key);
}

gboolean ql_cid_key_equal(gconstpointer a, gconstpointer b)
{
    return ql_cid_equal(a, b);
}
