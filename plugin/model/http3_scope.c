/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_scope.h"

#include "model/message.h"
#include "model/push.h"

static void exchange_free(gpointer exchange)
{
    ql_exchange_free(exchange);
}

void ql_http3_scope_init(ql_http3_scope *s, ql_journal *journal, uint32_t connection)
{
    *s = (ql_http3_scope){ .journal = journal, .connection = connection, .in_order = true };
    for (int side = QL_CLIENT; side <= QL_SERVER; side++)
        s->qpack[side] = ql_qpack_new(ql_message_on_section, s);
    s->pushes = ql_pushes_new();
    s->exchanges = g_ptr_array_new_with_free_func(exchange_free);
    s->forgotten = g_ptr_array_new_with_free_func(exchange_free);
}

void ql_http3_scope_clear(ql_http3_scope *s)
{
    for (int side = QL_CLIENT; side <= QL_SERVER; side++)
        ql_qpack_free(s->qpack[side]);
    ql_pushes_free(s->pushes);
    g_ptr_array_free(s->exchanges, TRUE);
    g_ptr_array_free(s->forgotten, TRUE);
    EVP_MD_CTX_free(s->spare);
    EVP_MD_free(s->sha256);
}

static int compare_exchanges(gconstpointer a, gconstpointer b)
{
    const ql_exchange *x = *(const ql_exchange *const *)a, *y = *(const ql_exchange *const *)b;
    uint32_t fx = x->request.first.frame, fy = y->request.first.frame;
    return fx < fy ? -1 : fx > fy;
}

void ql_http3_scope_add(ql_http3_scope *s, ql_exchange *exchange)
{
    GPtrArray *list = s->exchanges;
    if (list->len > 0) {
        const ql_exchange *last = g_ptr_array_index(list, list->len - 1);
        if (exchange->request.first.frame < last->request.first.frame)
            s->in_order = false;
    }
    g_ptr_array_add(list, exchange);
}

void ql_http3_scope_forget(ql_http3_scope *s, GHashTable *exchanges)
{
    guint kept = 0;
    for (guint i = 0; i < s->exchanges->len; i++) {
        ql_exchange *exchange = g_ptr_array_index(s->exchanges, i);
        exchange->rejected = g_hash_table_contains(exchanges, exchange);
        if (exchange->rejected)
            g_ptr_array_add(s->forgotten, exchange);
        else
            g_ptr_array_index(s->exchanges, kept++) = exchange;
    }
    /* What is behind `kept` is listed elsewhere now and must not be freed here. */
    g_ptr_array_set_free_func(s->exchanges, NULL);
    g_ptr_array_set_size(s->exchanges, (gint)kept);
    g_ptr_array_set_free_func(s->exchanges, exchange_free);
}

const GPtrArray *ql_http3_scope_exchanges(ql_http3_scope *s)
{
    if (!s->in_order)
        g_ptr_array_sort(s->exchanges, compare_exchanges);
    s->in_order = true;
    return s->exchanges;
}

EVP_MD_CTX *ql_http3_scope_digest(ql_http3_scope *s)
{
    EVP_MD_CTX *digest = s->spare == NULL ? EVP_MD_CTX_new() : s->spare;
    s->spare = NULL;
    if (s->sha256 == NULL)
        s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (s->sha256 != NULL && digest != NULL && EVP_DigestInit_ex2(digest, s->sha256, NULL) == 1)
        return digest;
    EVP_MD_CTX_free(digest);
    return NULL;
}

void ql_http3_scope_digest_done(ql_http3_scope *s, EVP_MD_CTX *digest)
{
    if (s->spare == NULL)
        s->spare = digest;
    else
        EVP_MD_CTX_free(digest);
}
