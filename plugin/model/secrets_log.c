/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/secrets_log.h"

#include <string.h>

#define HASH_WORDS (QL_CLIENT_RANDOM_LENGTH / 4)

struct ql_secrets_log {
    GHashTable *by_random; /* session: itself; the table borrows it from the array */
    GPtrArray *sessions;   /* of session, in order of arrival */
    uint64_t generation;
    unsigned bad_lines;
    uint64_t hash_key[HASH_WORDS + 1];
};

typedef struct session {
    guint hash;
    ql_session_secrets known;
} session;

/* Whoever writes a capture chooses the randoms in it. Multilinear hashing under a random key leaves
 * them no way to make all of them collide. */
static guint hash_random(const ql_secrets_log *log, const uint8_t *random)
{
    uint64_t hash = log->hash_key[HASH_WORDS];
    for (unsigned i = 0; i < HASH_WORDS; i++) {
        uint32_t word;
        memcpy(&word, random + i * sizeof word, sizeof word);
        hash += log->hash_key[i] * word;
    }
    return (guint)(hash >> 32);
}

static guint session_hash(gconstpointer key)
{
    return ((const session *)key)->hash;
}

static gboolean session_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(((const session *)a)->known.client_random,
                  ((const session *)b)->known.client_random, QL_CLIENT_RANDOM_LENGTH) == 0;
}

ql_secrets_log *ql_secrets_log_new(void)
{
    ql_secrets_log *log = g_new0(ql_secrets_log, 1);
    log->by_random = g_hash_table_new(session_hash, session_equal);
    log->sessions = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < G_N_ELEMENTS(log->hash_key); i++)
        log->hash_key[i] = (uint64_t)g_random_int() << 32 | g_random_int();
    return log;
}

void ql_secrets_log_free(ql_secrets_log *log)
{
    if (log == NULL)
        return;
    g_hash_table_unref(log->by_random);
    g_ptr_array_unref(log->sessions);
    g_free(log);
}

static session *find(const ql_secrets_log *log, const uint8_t *random)
{
    session key = { .hash = hash_random(log, random) };
    memcpy(key.known.client_random, random, QL_CLIENT_RANDOM_LENGTH);
    return g_hash_table_lookup(log->by_random, &key);
}

/* NULL at the cap. */
static session *find_or_add(ql_secrets_log *log, const uint8_t *random)
{
    session *found = find(log, random);
    if (found != NULL || log->sessions->len >= QL_SECRETS_SESSIONS_MAX)
        return found;

    session *added = g_new0(session, 1);
    added->hash = hash_random(log, random);
    memcpy(added->known.client_random, random, QL_CLIENT_RANDOM_LENGTH);
    g_ptr_array_add(log->sessions, added);
    g_hash_table_add(log->by_random, added);
    return added;
}

static const char *const labels[QL_SECRET_LABEL_COUNT] = {
    [QL_SECRET_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
    [QL_SECRET_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    [QL_SECRET_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    [QL_SECRET_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
    [QL_SECRET_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

const char *ql_secret_label_name(ql_secret_label label)
{
    g_assert(label < QL_SECRET_LABEL_COUNT);
    return labels[label];
}

static bool starts_with(ql_slice text, const char *prefix)
{
    size_t length = strlen(prefix);
    return text.length >= length && memcmp(text.data, prefix, length) == 0;
}

static bool read_label(ql_slice word, ql_secret_label *out)
{
    static const char obsolete_prefix[] = "QUIC_"; /* of implementations of early drafts */

    if (starts_with(word, obsolete_prefix)) {
        word.data += sizeof obsolete_prefix - 1;
        word.length -= sizeof obsolete_prefix - 1;
    }
    for (unsigned i = 0; i < QL_SECRET_LABEL_COUNT; i++) {
        if (word.length == strlen(labels[i]) && starts_with(word, labels[i])) {
            *out = (ql_secret_label)i;
            return true;
        }
    }
    return false;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Cuts the next word off *line; empty when there is none. */
static ql_slice next_word(ql_slice *line)
{
    size_t start = 0;
    while (start < line->length && is_blank(line->data[start]))
        start++;
    size_t end = start;
    while (end < line->length && !is_blank(line->data[end]))
        end++;

    ql_slice word = { line->data + start, end - start };
    line->data += end;
    line->length -= end;
    return word;
}

static bool read_hex(ql_slice word, uint8_t *out, size_t length)
{
    if (word.length != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = g_ascii_xdigit_value((char)word.data[2 * i]);
        int low = g_ascii_xdigit_value((char)word.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

typedef enum line_result { LINE_PASSED_OVER, LINE_NEW, LINE_BAD } line_result;

/* What was known first stays, so that no two logs can take turns; but a secret that was read off an
 * unfinished line grows to its full length. */
static line_result enter(ql_secrets_log *log, ql_secret_label label, const uint8_t *random,
                         const uint8_t *secret, size_t length)
{
    session *entry = find_or_add(log, random);
    if (entry == NULL)
        return LINE_BAD;

    uint8_t *bytes = entry->known.secrets[label].bytes;
    size_t known = entry->known.secrets[label].length;
    if (memcmp(bytes, secret, MIN(known, length)) != 0)
        return LINE_BAD;
    if (known >= length)
        return LINE_PASSED_OVER;
    memcpy(bytes, secret, length);
    entry->known.secrets[label].length = (uint8_t)length;
    return LINE_NEW;
}

static line_result add_line(ql_secrets_log *log, ql_slice line)
{
    ql_secret_label label;
    uint8_t random[QL_CLIENT_RANDOM_LENGTH], secret[QL_SECRET_MAX];

    if (!read_label(next_word(&line), &label))
        return LINE_PASSED_OVER;
    ql_slice random_word = next_word(&line), secret_word = next_word(&line);
    size_t length = secret_word.length / 2;
    if (!read_hex(random_word, random, sizeof random) || (length != 32 && length != 48) ||
        !read_hex(secret_word, secret, length) || next_word(&line).length > 0)
        return LINE_BAD;
    return enter(log, label, random, secret, length);
}

unsigned ql_secrets_log_add(ql_secrets_log *log, ql_slice text)
{
    unsigned fresh = 0;

    while (text.length > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.length);
        size_t length = end != NULL ? (size_t)(end - text.data) : text.length;
        line_result result = add_line(log, (ql_slice){ text.data, length });

        fresh += result == LINE_NEW;
        /* A line without its end may be one that is still being written. */
        log->bad_lines += result == LINE_BAD && end != NULL;
        length += end != NULL;
        text.data += length;
        text.length -= length;
    }
    log->generation += fresh;
    return fresh;
}

uint64_t ql_secrets_log_generation(const ql_secrets_log *log)
{
    return log->generation;
}

const ql_session_secrets *ql_secrets_log_find(const ql_secrets_log *log,
                                              const uint8_t client_random[QL_CLIENT_RANDOM_LENGTH])
{
    const session *found = find(log, client_random);

    return found != NULL ? &found->known : NULL;
}

unsigned ql_secrets_log_count(const ql_secrets_log *log)
{
    return log->sessions->len;
}

const ql_session_secrets *ql_secrets_log_at(const ql_secrets_log *log, unsigned index)
{
    g_assert(index < log->sessions->len);
    return &((const session *)g_ptr_array_index(log->sessions, index))->known;
}

unsigned ql_secrets_log_bad_lines(const ql_secrets_log *log)
{
    return log->bad_lines;
}
