/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/strays.h"

#include "model/hash_key.h"

#include <string.h>

/* Random bytes look like a short header one time in two; this many in a row, hardly ever. */
#define STRAYS_TOLD_FROM 8u

/* Header protection hides five bits of a short header's first byte (RFC 9001, 5.4.1), so that they
 * take all values; so many have to be seen before a pair is believed to be QUIC's, and a few before
 * it is worth trying where the fixed bit is not set. */
#define HIDDEN_BITS      0x1fu
#define VALUES_TOLD_FROM 5u
#define VALUES_TRY_FROM  3u

typedef struct pair {
    ql_ends_key at; /* both ways */
    uint32_t first_frame;
    unsigned count, tried;
    uint32_t values; /* a bit for each value that the hidden bits of the first byte had */
    bool known;      /* a long header of a known version was among them */
    bool other;      /* something on it was not QUIC */
    bool told;
} pair;

struct ql_strays {
    ql_hash_key key;
    GHashTable *pairs; /* ql_ends_key -> pair, the key inside it */
};

ql_strays *ql_strays_new(void)
{
    ql_strays *strays = g_new0(ql_strays, 1);
    strays->key = ql_hash_key_new();
    strays->pairs = g_hash_table_new_full(ql_hash_key_hash, ql_ends_key_equal, NULL, g_free);
    return strays;
}

void ql_strays_free(ql_strays *strays)
{
    if (strays == NULL)
        return;
    g_hash_table_destroy(strays->pairs);
    g_free(strays);
}

static ql_ends_key key_of(const ql_strays *strays, const ql_datagram *datagram)
{
    return ql_ends_key_both_ways(&strays->key, &datagram->source, &datagram->destination);
}

/* RFC 1035, 4.1.1: a header of one question and few records. By chance, once in 2^40. */
static bool looks_like_dns(const uint8_t *bytes)
{
    return bytes[4] == 0 && bytes[5] == 1 && bytes[6] == 0 && bytes[8] == 0 && bytes[10] == 0;
}

/* What else goes over UDP and begins without the fixed bit: STUN (RFC 8489, 5), DTLS (RFC 9147, 4),
 * WireGuard and others whose numbers are small. */
static bool looks_like_another(const uint8_t *bytes)
{
    static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };
    return memcmp(bytes + 4, cookie, sizeof cookie) == 0 || (bytes[1] == 0 && bytes[2] == 0) ||
           (bytes[1] == 0xfe && bytes[2] >= 0xfc);
}

/* RFC 9000, 17.3.1: room for an ID, a number and the sample that hides it. The fixed bit need not
 * be set (RFC 9287). */
static bool looks_like_quic(ql_slice payload)
{
    ql_packet_header header;
    if (payload.length < 21)
        return false;
    if (ql_packet_is_long(payload))
        return ql_packet_header_read_long(payload, &header) == QL_HEADER_OK;
    return !looks_like_dns(payload.data) &&
           ((payload.data[0] & 0x40) != 0 || !looks_like_another(payload.data));
}

static unsigned values_of(const pair *p)
{
    return (unsigned)__builtin_popcount(p->values);
}

/* The pair of the datagram, which is entered with the first one that looks like QUIC; NULL when
 * there is none. */
static pair *pair_of(ql_strays *strays, const ql_datagram *datagram)
{
    ql_ends_key key = key_of(strays, datagram);
    pair *p = g_hash_table_lookup(strays->pairs, &key);
    bool quic = looks_like_quic(datagram->payload);
    if (p == NULL) {
        if (!quic || g_hash_table_size(strays->pairs) >= QL_STRAY_PAIRS_MAX)
            return NULL;
        p = g_new0(pair, 1);
        p->at = key;
        p->first_frame = datagram->where.frame;
        g_hash_table_insert(strays->pairs, &p->at, p);
    }
    p->other |= !quic;
    if (ql_packet_is_long(datagram->payload))
        p->known |= quic;
    else
        p->values |= UINT32_C(1) << (datagram->payload.data[0] & HIDDEN_BITS);
    return p;
}

void ql_strays_note(ql_strays *strays, const ql_datagram *datagram)
{
    pair *p = pair_of(strays, datagram);
    if (p != NULL)
        p->count++;
}

unsigned ql_strays_try(ql_strays *strays, const ql_datagram *datagram)
{
    pair *p = pair_of(strays, datagram);
    if (p == NULL || p->other || p->tried >= QL_STRAY_TRIES_MAX)
        return 0;
    bool fixed_bit = (datagram->payload.data[0] & 0x40) != 0;
    if (!fixed_bit && !p->known && values_of(p) < VALUES_TRY_FROM)
        return 0;
    return ++p->tried;
}

void ql_strays_forget(ql_strays *strays, const ql_datagram *datagram)
{
    ql_ends_key key = key_of(strays, datagram);
    g_hash_table_remove(strays->pairs, &key);
}

static int by_first_frame(gconstpointer a, gconstpointer b)
{
    const pair *x = a, *y = b;
    return x->first_frame < y->first_frame ? -1 : x->first_frame > y->first_frame;
}

void ql_strays_tell(ql_strays *strays, ql_journal *journal, unsigned sessions)
{
    GList *pairs = g_list_sort(g_hash_table_get_values(strays->pairs), by_first_frame);
    for (GList *item = pairs; item != NULL; item = item->next) {
        pair *p = item->data;
        if (p->told || p->other || values_of(p) < VALUES_TOLD_FROM || p->count < STRAYS_TOLD_FROM)
            continue;
        p->told = true;
        char *low = ql_endpoint_text(&p->at.a), *high = ql_endpoint_text(&p->at.b);
        ql_journal_find(journal, QL_NO_CONNECTION, p->first_frame, QL_FINDING_CAPTURE_START_MISSING,
                        "%u datagrams between %s and %s look like QUIC, but the start of their "
                        "connection was not captured and none of the log's %u session%s opens "
                        "them (start the capture ahead of the connection)",
                        p->count, low, high, sessions, sessions == 1 ? "" : "s");
        g_free(low);
        g_free(high);
    }
    g_list_free(pairs);
}
