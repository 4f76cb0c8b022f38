/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/strays.h"

#include "model/hash_key.h"

/* Random bytes look like a short header one time in four; this many in a row, hardly ever. */
#define STRAYS_TOLD_FROM 8u

typedef struct pair {
    ql_ends_key at; /* both ways */
    uint32_t first_frame;
    unsigned count, tried;
    uint8_t first_byte; /* of the first datagram */
    bool varied;        /* another one had another: header protection hides the byte's lower bits,
                           so that those of QUIC do (RFC 9001, 5.4.1) */
    bool other;         /* something on it was not QUIC */
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

/* RFC 9000, 17.3.1: fixed bit; and room for an ID, a number and the sample that hides it. */
static bool looks_like_quic(const ql_datagram *datagram)
{
    ql_slice payload = datagram->payload;
    if (payload.length < 21 || (payload.data[0] & 0x40) == 0)
        return false;
    ql_packet_header header;
    return ql_packet_is_long(payload) ? ql_packet_header_read_long(payload, &header) == QL_HEADER_OK
                                      : !looks_like_dns(payload.data);
}

/* The pair of the datagram, which is entered with the first one that looks like QUIC; NULL when
 * there is none. */
static pair *pair_of(ql_strays *strays, const ql_datagram *datagram)
{
    ql_ends_key key = key_of(strays, datagram);
    pair *p = g_hash_table_lookup(strays->pairs, &key);
    bool quic = looks_like_quic(datagram);
    if (p == NULL) {
        if (!quic || g_hash_table_size(strays->pairs) >= QL_STRAY_PAIRS_MAX)
            return NULL;
        p = g_new0(pair, 1);
        p->at = key;
        p->first_frame = datagram->where.frame;
        p->first_byte = datagram->payload.data[0];
        g_hash_table_insert(strays->pairs, &p->at, p);
    }
    p->other |= !quic;
    p->varied |= datagram->payload.data[0] != p->first_byte;
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
        if (p->told || p->other || !p->varied || p->count < STRAYS_TOLD_FROM)
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
