/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cid_ledger.h"

#include "model/hash_key.h"

#include <string.h>

struct ql_cid_ledger {
    ql_side issuer;
    GPtrArray *entries;
    ql_hash_key key;
    GHashTable *by_value; /* ql_cid_key -> ql_cid_entry */
    ql_cid_entry *recent; /* the last one that was found by its value, or NULL */
    GTree *by_sequence;   /* uint64_t -> ql_cid_entry, the key inside the entry */
    uint64_t retire_prior_to;
    unsigned active; /* of those with a sequence number: not below it, not retired */
};

static gint by_number(gconstpointer a, gconstpointer b, gpointer user)
{
    const uint64_t *x = a, *y = b;
    (void)user;
    return *x < *y ? -1 : *x > *y;
}

ql_cid_ledger *ql_cid_ledger_new(ql_side issuer)
{
    ql_cid_ledger *ledger = g_new0(ql_cid_ledger, 1);
    ledger->issuer = issuer;
    ledger->entries = g_ptr_array_new_with_free_func(g_free);
    ledger->key = ql_hash_key_new();
    ledger->by_value = g_hash_table_new_full(ql_hash_key_hash, ql_cid_key_equal, g_free, NULL);
    ledger->by_sequence = g_tree_new_full(by_number, NULL, NULL, NULL);
    return ledger;
}

void ql_cid_ledger_free(ql_cid_ledger *ledger)
{
    if (ledger == NULL)
        return;
    g_hash_table_destroy(ledger->by_value);
    g_tree_destroy(ledger->by_sequence);
    g_ptr_array_free(ledger->entries, TRUE);
    g_free(ledger);
}

static void learn_token(ql_cid_entry *entry, const ql_cid_entry *told)
{
    if (told->has_reset_token) {
        entry->has_reset_token = true;
        memcpy(entry->reset_token, told->reset_token, sizeof entry->reset_token);
    }
}

static bool is_active(const ql_cid_ledger *ledger, const ql_cid_entry *entry)
{
    return entry->has_sequence && entry->sequence >= ledger->retire_prior_to &&
           entry->retired_frame == 0;
}

static void learn_sequence(ql_cid_ledger *ledger, ql_cid_entry *entry, const ql_cid_entry *told)
{
    entry->has_sequence = true;
    entry->sequence = told->sequence;
    entry->origin = told->origin;
    entry->retire_prior_to = told->retire_prior_to;
    g_tree_insert(ledger->by_sequence, &entry->sequence, entry);
    ledger->active += is_active(ledger, entry);
}

/* This value was entered before: a repeat, a conflict, or news about an ID that was seen in use
 * before the frame that issues it. */
static ql_cid_issue issue_again(ql_cid_ledger *ledger, const ql_cid_entry *told, uint32_t frame,
                                ql_cid_entry **out)
{
    ql_cid_entry *entry = *out;
    if (told->has_sequence && !entry->has_sequence) {
        ql_cid_entry *older = ql_cid_ledger_find_sequence(ledger, told->sequence);
        if (older != NULL) {
            *out = older;
            return QL_CID_ISSUE_SEQUENCE_CONFLICT;
        }
        learn_sequence(ledger, entry, told);
        learn_token(entry, told);
        entry->issued_frame = entry->last_issued_frame = frame;
        entry->issues = 1;
        return QL_CID_ISSUE_NEW;
    }
    if (told->has_sequence && entry->sequence != told->sequence)
        return QL_CID_ISSUE_VALUE_CONFLICT;
    if (told->has_reset_token && entry->has_reset_token &&
        memcmp(told->reset_token, entry->reset_token, sizeof entry->reset_token) != 0)
        return QL_CID_ISSUE_TOKEN_CONFLICT;
    learn_token(entry, told);
    entry->issues++;
    entry->last_issued_frame = MAX(entry->last_issued_frame, frame);
    return QL_CID_ISSUE_REPEATED;
}

ql_cid_issue ql_cid_ledger_issue(ql_cid_ledger *ledger, const ql_cid_entry *told, uint32_t frame,
                                 ql_cid_entry **out)
{
    *out = ql_cid_ledger_find(ledger, &told->cid);
    if (*out != NULL)
        return issue_again(ledger, told, frame, out);
    if (told->has_sequence && (*out = ql_cid_ledger_find_sequence(ledger, told->sequence)) != NULL)
        return QL_CID_ISSUE_SEQUENCE_CONFLICT;
    if (ledger->entries->len >= QL_CIDS_MAX)
        return QL_CID_ISSUE_FULL;

    ql_cid_entry *entry = g_new0(ql_cid_entry, 1);
    entry->cid = told->cid;
    entry->issuer = ledger->issuer;
    entry->origin = told->origin;
    entry->issued_frame = told->origin == QL_ORIGIN_SEEN_IN_USE ? 0 : frame;
    entry->last_issued_frame = entry->issued_frame;
    entry->issues = told->origin == QL_ORIGIN_SEEN_IN_USE ? 0 : 1;
    learn_token(entry, told);
    if (told->has_sequence)
        learn_sequence(ledger, entry, told);
    g_ptr_array_add(ledger->entries, entry);
    ql_cid_key key = ql_cid_key_of(&ledger->key, &entry->cid);
    g_hash_table_insert(ledger->by_value, g_memdup2(&key, sizeof key), entry);
    *out = entry;
    return QL_CID_ISSUE_NEW;
}

ql_cid_entry *ql_cid_ledger_find(ql_cid_ledger *ledger, const ql_cid *cid)
{
    if (ledger->recent != NULL && ql_cid_equal(&ledger->recent->cid, cid))
        return ledger->recent;
    ql_cid_key key = ql_cid_key_of(&ledger->key, cid);
    ql_cid_entry *found = g_hash_table_lookup(ledger->by_value, &key);
    if (found != NULL)
        ledger->recent = found;
    return found;
}

ql_cid_entry *ql_cid_ledger_find_sequence(const ql_cid_ledger *ledger, uint64_t sequence)
{
    return g_tree_lookup(ledger->by_sequence, &sequence);
}

unsigned ql_cid_ledger_active(const ql_cid_ledger *ledger)
{
    return ledger->active;
}

void ql_cid_ledger_retire(ql_cid_ledger *ledger, ql_cid_entry *entry, uint32_t frame,
                          uint64_t packet_number)
{
    if (entry->retired_frame != 0)
        return;
    ledger->active -= is_active(ledger, entry);
    entry->retired_frame = frame;
    entry->retired_packet = packet_number;
}

void ql_cid_ledger_raise_retire_prior_to(ql_cid_ledger *ledger, uint64_t sequence)
{
    if (sequence <= ledger->retire_prior_to)
        return;
    GTreeNode *node = g_tree_lower_bound(ledger->by_sequence, &ledger->retire_prior_to);
    for (; node != NULL; node = g_tree_node_next(node)) {
        const ql_cid_entry *entry = g_tree_node_value(node);
        if (entry->sequence >= sequence)
            break;
        ledger->active -= is_active(ledger, entry);
    }
    ledger->retire_prior_to = sequence;
}

uint64_t ql_cid_ledger_retire_prior_to(const ql_cid_ledger *ledger)
{
    return ledger->retire_prior_to;
}

const GPtrArray *ql_cid_ledger_entries(const ql_cid_ledger *ledger)
{
    return ledger->entries;
}

const char *ql_cid_origin_name(ql_cid_origin origin)
{
    static const char *const names[] = {
        [QL_ORIGIN_CLIENT_RANDOM] = "initial",
        [QL_ORIGIN_INITIAL] = "initial",
        [QL_ORIGIN_RETRY] = "retry",
        [QL_ORIGIN_HANDSHAKE] = "handshake",
        [QL_ORIGIN_NEW_CONNECTION_ID] = "NEW_CONNECTION_ID",
        [QL_ORIGIN_PREFERRED_ADDRESS] = "preferred_address",
        [QL_ORIGIN_SEEN_IN_USE] = "unknown",
    };
    return origin < G_N_ELEMENTS(names) ? names[origin] : "unknown";
}
