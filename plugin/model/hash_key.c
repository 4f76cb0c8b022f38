/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/hash_key.h"

#include <string.h>

#define ENDPOINT_WORDS 5u

static uint64_t random64(void)
{
    return (uint64_t)g_random_int() << 32 | g_random_int();
}

ql_hash_key ql_hash_key_new(void)
{
    ql_hash_key key = { .start = random64() };
    for (unsigned i = 0; i < QL_HASH_WORDS; i++)
        key.factors[i] = random64();
    return key;
}

/* The upper half of a sum of products: two different inputs have the same hash under one in 2^32 of
 * the keys, whatever the inputs are. */
static guint hash_words(const ql_hash_key *key, const uint32_t *words, unsigned count)
{
    uint64_t sum = key->start;
    for (unsigned i = 0; i < count; i++)
        sum += key->factors[i] * words[i];
    return (guint)(sum >> 32);
}

ql_cid_key ql_cid_key_of(const ql_hash_key *key, const ql_cid *cid)
{
    uint32_t words[QL_CID_MAX / 4 + 1];
    memcpy(words, cid->bytes, QL_CID_MAX);
    words[QL_CID_MAX / 4] = cid->length;
    return (ql_cid_key){ hash_words(key, words, G_N_ELEMENTS(words)), *cid };
}

static void put_endpoint(uint32_t words[ENDPOINT_WORDS], const ql_endpoint *endpoint)
{
    memcpy(words, endpoint->address, sizeof endpoint->address);
    words[ENDPOINT_WORDS - 1] = (uint32_t)endpoint->port << 8 | endpoint->family;
}

ql_ends_key ql_ends_key_of(const ql_hash_key *key, const ql_endpoint *a, const ql_endpoint *b)
{
    uint32_t words[2 * ENDPOINT_WORDS];
    put_endpoint(words, a);
    put_endpoint(words + ENDPOINT_WORDS, b);
    return (ql_ends_key){ hash_words(key, words, G_N_ELEMENTS(words)), *a, *b };
}

static int compare(const ql_endpoint *a, const ql_endpoint *b)
{
    int order = memcmp(a->address, b->address, sizeof a->address);
    return order != 0 ? order : (int)a->port - (int)b->port;
}

ql_ends_key ql_ends_key_both_ways(const ql_hash_key *key, const ql_endpoint *a,
                                  const ql_endpoint *b)
{
    return compare(a, b) < 0 ? ql_ends_key_of(key, a, b) : ql_ends_key_of(key, b, a);
}

ql_token_key ql_token_key_of(const ql_hash_key *key, const uint8_t token[16])
{
    uint32_t words[4];
    memcpy(words, token, sizeof words);
    ql_token_key made = { .hash = hash_words(key, words, G_N_ELEMENTS(words)) };
    memcpy(made.bytes, token, sizeof made.bytes);
    return made;
}

ql_number_key ql_number_key_of(const ql_hash_key *key, uint64_t number)
{
    uint32_t words[2] = { (uint32_t)number, (uint32_t)(number >> 32) };
    return (ql_number_key){ hash_words(key, words, G_N_ELEMENTS(words)), number };
}

guint ql_hash_key_hash(gconstpointer key)
{
    return *(const guint *)key;
}

gboolean ql_cid_key_equal(gconstpointer a, gconstpointer b)
{
    const ql_cid_key *x = a, *y = b;
    return ql_cid_equal(&x->cid, &y->cid);
}

gboolean ql_ends_key_equal(gconstpointer a, gconstpointer b)
{
    const ql_ends_key *x = a, *y = b;
    return ql_endpoint_equal(&x->a, &y->a) && ql_endpoint_equal(&x->b, &y->b);
}

gboolean ql_token_key_equal(gconstpointer a, gconstpointer b)
{
    const ql_token_key *x = a, *y = b;
    return memcmp(x->bytes, y->bytes, sizeof x->bytes) == 0;
}

gboolean ql_number_key_equal(gconstpointer a, gconstpointer b)
{
    const ql_number_key *x = a, *y = b;
    return x->number == y->number;
}
