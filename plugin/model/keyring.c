/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/keyring.h"

#include <string.h>

#define VERSIONS_MAX                                                                               \
    3u /* of one connection's Initial packets: tried, negotiated, and one to spare */
#define CANDIDATES_MAX                                                                             \
    6u /* three suites with a secret of 32 bytes, each with labels of version 1 or 2 */

#define SEEK_WINDOWS 64u /* of packet numbers, behind those that follow on what was captured */

typedef enum level { LEVEL_EARLY, LEVEL_HANDSHAKE, LEVEL_APPLICATION, LEVEL_COUNT } level;

/* One secret and what was made of it. */
typedef struct slot {
    uint8_t secret[QL_SECRET_MAX];
    uint8_t secret_length;
    ql_packet_keys *candidates[CANDIDATES_MAX]; /* until one has proved right */
    unsigned candidate_count;
    ql_packet_keys *keys; /* the one that did */
    bool dozes;           /* it is made again from the secret when it is needed, with: */
    ql_suite suite;
    uint32_t version;
    /* 1-RTT: keys of the neighbouring phases (RFC 9001, 6). */
    ql_packet_keys *previous, *next;
    bool phase;
    uint64_t phase_first; /* lowest number seen in the current phase */
} slot;

typedef struct initial_keys {
    uint32_t version;
    ql_packet_keys *keys[2]; /* by sender */
} initial_keys;

struct ql_keyring {
    bool has_initial_dcid;
    ql_cid initial_dcid;
    initial_keys initial[VERSIONS_MAX];
    unsigned initial_count;
    slot slots[LEVEL_COUNT][2]; /* by sender */
};

/* The secret stays. */
static void slot_rest(slot *s)
{
    for (unsigned i = 0; i < s->candidate_count; i++)
        ql_packet_keys_free(s->candidates[i]);
    s->candidate_count = 0;
    g_clear_pointer(&s->keys, ql_packet_keys_free);
    g_clear_pointer(&s->previous, ql_packet_keys_free);
    g_clear_pointer(&s->next, ql_packet_keys_free);
}

/* Keys of a later phase are not those of the secret, and stay. */
static void slot_doze(slot *s)
{
    if (s->previous != NULL)
        return;
    if (s->keys != NULL) {
        s->dozes = true;
        s->suite = ql_packet_keys_suite(s->keys);
        s->version = ql_packet_keys_version(s->keys);
    }
    slot_rest(s);
}

static void slot_wake(slot *s)
{
    if (!s->dozes)
        return;
    s->dozes = false;
    s->keys = ql_packet_keys_new(s->version, s->suite, (ql_slice){ s->secret, s->secret_length });
}

static void slot_clear(slot *s)
{
    slot_rest(s);
    *s = (slot){ 0 };
}

static void initial_clear(ql_keyring *ring)
{
    for (unsigned i = 0; i < ring->initial_count; i++)
        for (int side = 0; side < 2; side++)
            ql_packet_keys_free(ring->initial[i].keys[side]);
    ring->initial_count = 0;
}

ql_keyring *ql_keyring_new(void)
{
    return g_new0(ql_keyring, 1);
}

void ql_keyring_free(ql_keyring *ring)
{
    if (ring == NULL)
        return;
    initial_clear(ring);
    for (int l = 0; l < LEVEL_COUNT; l++)
        for (int side = 0; side < 2; side++)
            slot_clear(&ring->slots[l][side]);
    g_free(ring);
}

void ql_keyring_set_initial_dcid(ql_keyring *ring, const ql_cid *dcid)
{
    initial_clear(ring);
    ring->has_initial_dcid = true;
    ring->initial_dcid = *dcid;
}

static bool slot_set(slot *s, const ql_session_secrets *secrets, ql_secret_label label)
{
    const uint8_t *bytes = secrets->secrets[label].bytes;
    uint8_t length = secrets->secrets[label].length;
    if (length == 0 || (s->secret_length == length && memcmp(s->secret, bytes, length) == 0))
        return false;
    slot_clear(s);
    memcpy(s->secret, bytes, length);
    s->secret_length = length;
    return true;
}

void ql_keyring_rest(ql_keyring *ring)
{
    initial_clear(ring);
    for (int side = 0; side < 2; side++)
        slot_doze(&ring->slots[LEVEL_HANDSHAKE][side]);
}

void ql_keyring_doze(ql_keyring *ring)
{
    initial_clear(ring);
    for (int l = 0; l < LEVEL_COUNT; l++)
        for (int side = 0; side < 2; side++)
            slot_doze(&ring->slots[l][side]);
}

bool ql_keyring_set_secrets(ql_keyring *ring, const ql_session_secrets *secrets)
{
    slot(*of)[2] = ring->slots;
    bool early = slot_set(&of[LEVEL_EARLY][QL_CLIENT], secrets, QL_SECRET_CLIENT_EARLY);
    bool asks = slot_set(&of[LEVEL_HANDSHAKE][QL_CLIENT], secrets, QL_SECRET_CLIENT_HANDSHAKE);
    bool answers = slot_set(&of[LEVEL_HANDSHAKE][QL_SERVER], secrets, QL_SECRET_SERVER_HANDSHAKE);
    bool client = slot_set(&of[LEVEL_APPLICATION][QL_CLIENT], secrets, QL_SECRET_CLIENT_TRAFFIC);
    bool server = slot_set(&of[LEVEL_APPLICATION][QL_SERVER], secrets, QL_SECRET_SERVER_TRAFFIC);
    return early || asks || answers || client || server;
}

static slot *slot_of(const ql_keyring *ring, ql_side sender, ql_packet_type type)
{
    level l;
    switch (type) {
    case QL_PACKET_ZERO_RTT: l = LEVEL_EARLY; break;
    case QL_PACKET_HANDSHAKE: l = LEVEL_HANDSHAKE; break;
    case QL_PACKET_ONE_RTT: l = LEVEL_APPLICATION; break;
    case QL_PACKET_INITIAL:
    case QL_PACKET_RETRY:
    case QL_PACKET_VERSION_NEGOTIATION:
    case QL_PACKET_TYPE_COUNT:
    default: return NULL;
    }
    return (slot *)&ring->slots[l][sender];
}

bool ql_keyring_has(const ql_keyring *ring, ql_side sender, ql_packet_type type)
{
    if (type == QL_PACKET_INITIAL)
        return ring->has_initial_dcid;
    const slot *s = slot_of(ring, sender, type);
    return s != NULL && s->secret_length > 0;
}

static ql_packet_keys *initial_keys_of(ql_keyring *ring, ql_side sender, uint32_t version)
{
    unsigned i = 0;
    while (i < ring->initial_count && ring->initial[i].version != version)
        i++;
    if (i == ring->initial_count) {
        if (i == VERSIONS_MAX)
            return NULL;
        ring->initial[i] = (initial_keys){ .version = version };
        ring->initial_count++;
    }
    ql_packet_keys **keys = &ring->initial[i].keys[sender];
    if (*keys == NULL)
        *keys = ql_packet_keys_new_initial(version, &ring->initial_dcid, sender);
    return *keys;
}

/* The labels of the key schedule come in two kinds: version 2's, and those of all others. */
static void candidates_make(slot *s, uint32_t version)
{
    static const uint32_t both[] = { QL_VERSION_1, QL_VERSION_2 };
    ql_slice secret = { s->secret, s->secret_length };
    for (unsigned v = 0; v < G_N_ELEMENTS(both); v++) {
        if (version != 0 && (version == QL_VERSION_2) != (both[v] == QL_VERSION_2))
            continue;
        for (int suite = 0; suite < QL_SUITE_COUNT; suite++) {
            if (ql_suite_secret_length((ql_suite)suite) != secret.length)
                continue;
            ql_packet_keys *keys = ql_packet_keys_new(both[v], (ql_suite)suite, secret);
            if (keys != NULL)
                s->candidates[s->candidate_count++] = keys;
        }
    }
}

static void candidate_choose(slot *s, unsigned chosen)
{
    s->keys = s->candidates[chosen];
    for (unsigned i = 0; i < s->candidate_count; i++)
        if (i != chosen)
            ql_packet_keys_free(s->candidates[i]);
    s->candidate_count = 0;
}

/* Opens with these keys and no others; unmasking is done. */
static bool open_with(ql_packet_keys *keys, const ql_packet_header *header,
                      const ql_unmasked *unmasked, uint64_t number, uint8_t *scratch,
                      ql_opened *out)
{
    ql_slice payload;
    if (!ql_packet_open(keys, header, unmasked, number, scratch, &payload))
        return false;
    *out = (ql_opened){ .payload = payload,
                        .packet_number = number,
                        .first = unmasked->first,
                        .key_phase =
                            (unmasked->first & 0x04) != 0 && header->type == QL_PACKET_ONE_RTT,
                        .suite = ql_packet_keys_suite(keys),
                        .version = ql_packet_keys_version(keys) };
    return true;
}

static bool unmask_and_open(ql_packet_keys *keys, const ql_packet_header *header,
                            const ql_packet_numbers *numbers, uint8_t *scratch, ql_opened *out)
{
    ql_unmasked unmasked;
    uint64_t guesses[2];
    if (!ql_packet_unmask(keys, header, &unmasked))
        return false;
    unsigned count =
        ql_packet_number_guess(numbers, unmasked.truncated_pn, unmasked.pn_length, guesses);
    for (unsigned i = 0; i < count; i++)
        if (open_with(keys, header, &unmasked, guesses[i], scratch, out))
            return true;
    return false;
}

static bool open_first(slot *s, const ql_packet_header *header, const ql_packet_numbers *numbers,
                       uint8_t *scratch, ql_opened *out)
{
    if (s->candidate_count == 0)
        candidates_make(s, header->version);
    for (unsigned i = 0; i < s->candidate_count; i++) {
        if (!unmask_and_open(s->candidates[i], header, numbers, scratch, out))
            continue;
        candidate_choose(s, i);
        s->phase = out->key_phase;
        s->phase_first = out->packet_number;
        return true;
    }
    return false;
}

static void phase_advance(slot *s, uint64_t number)
{
    ql_packet_keys_free(s->previous);
    s->previous = s->keys;
    s->keys = s->next;
    s->next = NULL;
    s->phase = !s->phase;
    s->phase_first = number;
}

/* RFC 9001, 6.3 and 6.5: a flipped phase bit means the previous keys for numbers below those of the
 * current phase, else keys that follow. The bit alone is not believed: the packet has to open. */
static bool open_numbered(slot *s, const ql_packet_header *header, const ql_unmasked *unmasked,
                          uint64_t number, uint8_t *scratch, ql_opened *out)
{
    bool phase = (unmasked->first & 0x04) != 0;
    if (phase == s->phase) {
        if (!open_with(s->keys, header, unmasked, number, scratch, out))
            return false;
        s->phase_first = MIN(s->phase_first, number);
        return true;
    }
    if (number < s->phase_first && s->previous != NULL &&
        open_with(s->previous, header, unmasked, number, scratch, out))
        return true;
    if (s->next == NULL)
        s->next = ql_packet_keys_next(s->keys);
    if (s->next == NULL || !open_with(s->next, header, unmasked, number, scratch, out))
        return false;
    phase_advance(s, number);
    out->key_update = true;
    return true;
}

static bool open_one_rtt(slot *s, const ql_packet_header *header, const ql_packet_numbers *numbers,
                         uint8_t *scratch, ql_opened *out)
{
    ql_unmasked unmasked;
    uint64_t guesses[2];
    if (!ql_packet_unmask(s->keys, header, &unmasked))
        return false;
    unsigned count =
        ql_packet_number_guess(numbers, unmasked.truncated_pn, unmasked.pn_length, guesses);
    for (unsigned i = 0; i < count; i++)
        if (open_numbered(s, header, &unmasked, guesses[i], scratch, out))
            return true;
    return false;
}

ql_open_status ql_keyring_open(ql_keyring *ring, ql_side sender, const ql_packet_header *header,
                               const ql_packet_numbers *numbers, uint8_t *scratch, ql_opened *out)
{
    if (!ql_keyring_has(ring, sender, header->type))
        return QL_OPEN_NO_KEYS;
    bool opened;
    if (header->type == QL_PACKET_INITIAL) {
        ql_packet_keys *keys = initial_keys_of(ring, sender, header->version);
        opened = keys != NULL && unmask_and_open(keys, header, numbers, scratch, out);
    } else {
        slot *s = slot_of(ring, sender, header->type);
        slot_wake(s);
        if (s->keys == NULL)
            opened = open_first(s, header, numbers, scratch, out);
        else if (header->type == QL_PACKET_ONE_RTT)
            opened = open_one_rtt(s, header, numbers, scratch, out);
        else
            opened = unmask_and_open(s->keys, header, numbers, scratch, out);
    }
    return opened ? QL_OPEN_OK : QL_OPEN_FAILED;
}

/* What a search tries: key updates that happened before the capture began, and windows of packet
 * numbers by the length of the truncated one. */
static const struct {
    unsigned updates, windows[5];
} efforts[] = {
    [QL_SEARCH_LIKELY] = { 1, { 0, 16, 16, 1, 1 } }, /* up to 2^12, 2^20, 2^24, 2^32 */
    [QL_SEARCH_WIDE] = { 8, { 0, 256, 64, 2, 1 } },  /* up to 2^16, 2^22, 2^25, 2^32 */
};

#define PHASE_COST 16u /* attempts that making the keys of the next phase amounts to */

/* False when there is not so much left. */
static bool spend(unsigned *budget, unsigned cost)
{
    if (*budget < cost)
        return false;
    *budget -= cost;
    return true;
}

/* One search, with what is the same for all of its attempts. */
typedef struct search {
    const ql_packet_header *header;
    ql_search_effort effort;
    uint8_t *scratch;
    unsigned *budget;
    ql_opened *out;
} search;

/* Tries the numbers that end in the truncated one, from the lowest up: most captures begin early.
 */
static bool search_number(const search *with, ql_packet_keys *keys, const ql_unmasked *unmasked)
{
    unsigned windows = efforts[with->effort].windows[unmasked->pn_length];
    uint64_t number = unmasked->truncated_pn, window = UINT64_C(1) << (unmasked->pn_length * 8);
    for (unsigned i = 0; i < windows && spend(with->budget, 1); i++, number += window) {
        if (open_with(keys, with->header, unmasked, number, with->scratch, with->out))
            return true;
    }
    return false;
}

/* RFC 9000, 17.2 and 17.3: the reserved bits are zero, which tells most wrong keys without opening.
 */
static bool unmask_plausibly(ql_packet_keys *keys, const ql_packet_header *header,
                             ql_unmasked *unmasked)
{
    uint8_t reserved = header->type == QL_PACKET_ONE_RTT ? 0x18 : 0x0c;
    return ql_packet_unmask(keys, header, unmasked) && (unmasked->first & reserved) == 0;
}

/* Keys as they are, then as they would be after updates. On success they take the slot. */
static bool search_phases(const search *with, slot *s, unsigned candidate,
                          const ql_unmasked *unmasked)
{
    bool has_phases = with->header->type == QL_PACKET_ONE_RTT;
    bool phase = (unmasked->first & 0x04) != 0, opened = false;
    unsigned updates = has_phases ? efforts[with->effort].updates : 0;
    ql_packet_keys *first = s->candidates[candidate], *keys = first, *before = NULL;
    for (unsigned i = 0; i <= updates && keys != NULL; i++) {
        opened = (!has_phases || (i % 2 == 1) == phase) && search_number(with, keys, unmasked);
        if (opened)
            break;
        bool more = i < updates && spend(with->budget, PHASE_COST);
        ql_packet_keys *next = more ? ql_packet_keys_next(keys) : NULL;
        if (before != first)
            ql_packet_keys_free(before);
        before = keys;
        keys = next;
    }
    if (!opened) {
        if (before != first)
            ql_packet_keys_free(before);
        return false;
    }
    if (before != NULL && before != first)
        ql_packet_keys_free(first);
    s->candidates[candidate] = keys;
    candidate_choose(s, candidate);
    s->previous = before; /* packets of that phase may be captured later */
    s->phase = with->out->key_phase;
    s->phase_first = with->out->packet_number;
    return true;
}

ql_open_status ql_keyring_search(ql_keyring *ring, ql_side sender, const ql_packet_header *header,
                                 ql_search_effort effort, uint8_t *scratch, unsigned *budget,
                                 ql_opened *out)
{
    const search with = { header, effort, scratch, budget, out };
    slot *s = slot_of(ring, sender, header->type);
    if (s == NULL || s->secret_length == 0)
        return QL_OPEN_NO_KEYS;
    if (s->keys != NULL || s->dozes)
        return QL_OPEN_FAILED;
    if (s->candidate_count == 0)
        candidates_make(s, header->version);
    for (unsigned i = 0; i < s->candidate_count && spend(budget, 1); i++) {
        ql_unmasked unmasked;
        if (unmask_plausibly(s->candidates[i], header, &unmasked) &&
            search_phases(&with, s, i, &unmasked))
            return QL_OPEN_OK;
    }
    return QL_OPEN_FAILED;
}

ql_open_status ql_keyring_seek(ql_keyring *ring, ql_side sender, const ql_packet_header *header,
                               const ql_packet_numbers *numbers, uint8_t *scratch, unsigned *budget,
                               ql_opened *out)
{
    slot *s = slot_of(ring, sender, header->type);
    ql_unmasked unmasked;
    if (s == NULL || s->keys == NULL || !unmask_plausibly(s->keys, header, &unmasked))
        return QL_OPEN_FAILED;
    uint64_t number = ql_packet_number_decode(numbers, unmasked.truncated_pn, unmasked.pn_length);
    for (unsigned i = 0; i < SEEK_WINDOWS && spend(budget, 1); i++) {
        number += UINT64_C(1) << (unmasked.pn_length * 8);
        if (open_numbered(s, header, &unmasked, number, scratch, out))
            return QL_OPEN_OK;
    }
    return QL_OPEN_FAILED;
}
