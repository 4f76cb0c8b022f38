/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/qpack.h"

#include "model/qpack_lines.h"
#include "model/reader.h"

/* nghttp3 gives up when it is handed more of an encoder stream than this without a section in
 * between, which an observer cannot promise (NGHTTP3_QPACK_MAX_ENCODERLEN is 128 KiB). */
#define CHUNK_MAX (32u << 10)

/* What nearly everybody announces; for captures that lack the settings. */
#define USUAL_LIMIT 4096u

/* Of a section that came behind entries that we could not read yet. */
#define INSERTS_NOW UINT64_MAX

/* An instruction that inserts an entry is hardly ever shorter. */
#define INSERT_SIZE 4u

enum limit_source { LIMIT_UNKNOWN, LIMIT_ASSUMED, LIMIT_ANNOUNCED };

/* A section that waits. */
typedef struct waiter {
    uint64_t required_insert_count; /* with `sequence` the key in the tree */
    uint64_t sequence;
    uint64_t inserts_then; /* entries that had been inserted when it came; or INSERTS_NOW */
    void *section;
    bool shown; /* by ql_qpack_show_waiting() */
    size_t length;
    uint8_t encoded[];
} waiter;

struct ql_qpack {
    ql_qpack_ready ready;
    void *user;
    nghttp3_qpack_decoder *decoder; /* of sections with references to the dynamic table */
    nghttp3_qpack_stream_context *context;
    uint64_t hard_limit; /* that the decoder was made with */
    uint64_t limit;      /* of the receiver's SETTINGS */
    enum limit_source limit_source;
    bool lost;
    uint64_t encoder_bytes;
    uint64_t unread; /* bytes of the encoder stream beyond a gap */
    uint64_t first_capacity;
    unsigned first_shift;
    GQueue unsettled; /* of waiter *, for the limit or for a gap of the encoder stream */
    GTree *waiting;   /* of waiter *, for inserts */
    size_t waiting_bytes;
    uint64_t sequence;
    uint64_t decoded_bytes;
};

static int compare_waiters(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    const waiter *x = a, *y = b;
    if (x->required_insert_count != y->required_insert_count)
        return x->required_insert_count < y->required_insert_count ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

ql_qpack *ql_qpack_new(ql_qpack_ready ready, void *user)
{
    ql_qpack *q = g_new0(ql_qpack, 1);
    q->ready = ready;
    q->user = user;
    g_queue_init(&q->unsettled);
    q->waiting = g_tree_new_full(compare_waiters, NULL, NULL, g_free);
    return q;
}

void ql_qpack_free(ql_qpack *q)
{
    if (q == NULL)
        return;
    g_queue_clear_full(&q->unsettled, g_free);
    g_tree_destroy(q->waiting);
    nghttp3_qpack_stream_context_del(q->context);
    nghttp3_qpack_decoder_del(q->decoder);
    g_free(q);
}

uint64_t ql_qpack_insert_count(const ql_qpack *q)
{
    return q->decoder == NULL ? 0 : nghttp3_qpack_decoder_get_icnt(q->decoder);
}

static size_t write_prefixed8(uint8_t out[12], uint64_t value)
{
    size_t length = 0;
    if (value < 0xff) {
        out[length++] = (uint8_t)value;
        return length;
    }
    out[length++] = 0xff;
    for (value -= 0xff; value >= 0x80; value >>= 7)
        out[length++] = (uint8_t)(0x80 | (value & 0x7f));
    out[length++] = (uint8_t)value;
    return length;
}

static bool ensure_decoder(ql_qpack *q)
{
    if (q->decoder != NULL)
        return true;
    q->hard_limit = QL_QPACK_TABLE_MAX;
    if (q->limit_source == LIMIT_ANNOUNCED)
        q->hard_limit = MIN(q->limit, QL_QPACK_TABLE_MAX);
    return nghttp3_qpack_decoder_new(&q->decoder, (size_t)q->hard_limit, 0,
                                     nghttp3_mem_default()) == 0;
}

/* The decoder writes acknowledgements for its peer; an observer has none. */
static void discard_decoder_stream(ql_qpack *q)
{
    size_t length = nghttp3_qpack_decoder_get_decoder_streamlen(q->decoder);
    uint8_t *out = g_malloc(length + 1);
    nghttp3_buf buffer = { .begin = out, .end = out + length, .pos = out, .last = out };
    nghttp3_qpack_decoder_write_decoder(q->decoder, &buffer);
    g_free(out);
}

/* A section whose entries are all there. Its Required Insert Count is written anew because the
 * decoder may have been made with another limit than the sender encoded it with. */
static ql_qpack_result decode_now(ql_qpack *q, uint64_t required, ql_slice rest, uint64_t *size)
{
    uint8_t prefix[12];
    uint64_t full = 2 * (q->hard_limit / QL_QPACK_ENTRY_OVERHEAD);
    size_t prefix_length = write_prefixed8(prefix, required % full + 1);
    nghttp3_qpack_nv unused;
    uint8_t flags = 0;
    if (q->context == NULL &&
        nghttp3_qpack_stream_context_new(&q->context, 0, nghttp3_mem_default()) != 0)
        return ql_qpack_over_limit("out of memory");
    ql_qpack_result result = ql_qpack_failed("a Required Insert Count that does not fit the table");
    if (nghttp3_qpack_decoder_read_request(q->decoder, q->context, &unused, &flags, prefix,
                                           prefix_length, 0) >= 0)
        result = ql_qpack_read_lines(q->decoder, q->context, rest, size);
    if (result.status == QL_QPACK_DECODED) {
        nghttp3_qpack_stream_context_reset(q->context);
        discard_decoder_stream(q);
    } else {
        nghttp3_qpack_stream_context_del(q->context);
        q->context = NULL;
        q->lost = q->lost || result.status == QL_QPACK_FAILED;
    }
    return result;
}

/* RFC 9204, 4.5.1.1; 0 when the encoded value is not possible. */
static uint64_t required_insert_count(ql_qpack *q, uint64_t encoded, uint64_t inserts)
{
    uint64_t max_entries = q->limit / QL_QPACK_ENTRY_OVERHEAD;
    while (q->limit_source == LIMIT_ASSUMED && encoded > 2 * max_entries &&
           q->limit < QL_QPACK_TABLE_MAX) {
        q->limit = MAX(q->limit * 2, USUAL_LIMIT);
        max_entries = q->limit / QL_QPACK_ENTRY_OVERHEAD;
    }
    uint64_t full = 2 * max_entries;
    if (encoded > full)
        return 0;
    uint64_t max_value = inserts + max_entries;
    uint64_t required = max_value / full * full + encoded - 1;
    if (required > max_value)
        required = required <= full ? 0 : required - full;
    return required;
}

static ql_qpack_result counted(ql_qpack *q, ql_qpack_result result, uint64_t size)
{
    if (result.fields == NULL)
        return result;
    q->decoded_bytes += size;
    if (q->decoded_bytes <= QL_QPACK_DECODED_MAX)
        return result;
    g_free(result.fields);
    return ql_qpack_over_limit("more than 512 MiB of decoded field sections in one direction");
}

static waiter *waiter_new(ql_qpack *q, ql_slice encoded, void *section)
{
    waiter *w = g_malloc(sizeof *w + encoded.length);
    *w = (waiter){ .sequence = q->sequence++,
                   .inserts_then = ql_qpack_insert_count(q),
                   .section = section,
                   .length = encoded.length };
    memcpy(w->encoded, encoded.data, encoded.length);
    q->waiting_bytes += encoded.length;
    return w;
}

/* Whether the sender may have inserted so many entries that we have not seen that the encoded count
 * can as well mean the next number that encodes to the same. */
static bool is_ambiguous(const ql_qpack *q, uint64_t required)
{
    return q->unread > 0 && ql_qpack_insert_count(q) + q->unread / INSERT_SIZE >=
                                required + q->limit / QL_QPACK_ENTRY_OVERHEAD;
}

/* `w` is the waiter that holds the section, NULL when it came just now. Takes `w`. */
static ql_qpack_result decode_or_wait(ql_qpack *q, ql_slice encoded, void *section, waiter *w)
{
    ql_reader reader = ql_reader_of(encoded);
    uint64_t encoded_count = ql_qpack_read_integer(&reader, 8);
    uint64_t inserts = w == NULL ? INSERTS_NOW : w->inserts_then;
    if (inserts == INSERTS_NOW)
        inserts = ql_qpack_insert_count(q);
    uint64_t required = required_insert_count(q, encoded_count, inserts);
    ql_qpack_result result = { .status = QL_QPACK_WAITS };
    uint64_t size = 0;
    if (required != 0 && is_ambiguous(q, required)) {
        if (w == NULL)
            w = waiter_new(q, encoded, section);
        w->inserts_then = INSERTS_NOW;
        g_queue_push_tail(&q->unsettled, w);
        return result;
    }
    if (required == 0) {
        result =
            ql_qpack_failed("a Required Insert Count beyond what the receiver's table can hold");
    } else if (required <= ql_qpack_insert_count(q)) {
        result = decode_now(q, required, ql_read_rest(&reader), &size);
    } else {
        if (w == NULL)
            w = waiter_new(q, encoded, section);
        w->required_insert_count = required;
        g_tree_insert(q->waiting, w, w);
        return result;
    }
    if (w != NULL) {
        q->waiting_bytes -= w->length;
        g_free(w);
    }
    return counted(q, result, size);
}

static ql_qpack_result decode_part(ql_qpack *q, ql_slice encoded, const char *why)
{
    uint64_t size = 0;
    ql_qpack_result result = counted(q, ql_qpack_decode_part(encoded, &size), size);
    if (result.status == QL_QPACK_PARTIAL)
        result.why = why;
    return result;
}

ql_qpack_result ql_qpack_decode(ql_qpack *q, ql_slice encoded, void *section)
{
    if (encoded.length == 0)
        return ql_qpack_failed("an empty field section");
    if (encoded.data[0] == 0) {
        uint64_t size = 0;
        ql_qpack_result result = ql_qpack_decode_plain(encoded, &size);
        return counted(q, result, size);
    }
    ql_reader reader = ql_reader_of(encoded);
    ql_qpack_read_integer(&reader, 8);
    if (reader.bad)
        return ql_qpack_failed("it ends within its prefix");
    if (q->lost)
        return decode_part(q, encoded, "the dynamic table is lost after an earlier error");
    if (q->waiting_bytes + encoded.length > QL_QPACK_WAITING_MAX)
        return ql_qpack_over_limit("more than 8 MiB of field sections wait for the dynamic table");
    if (q->limit_source != LIMIT_UNKNOWN)
        return decode_or_wait(q, encoded, section, NULL);
    g_queue_push_tail(&q->unsettled, waiter_new(q, encoded, section));
    return (ql_qpack_result){ .status = QL_QPACK_WAITS };
}

static void try_again(ql_qpack *q)
{
    for (guint left = g_queue_get_length(&q->unsettled); left > 0; left--) {
        waiter *w = g_queue_pop_head(&q->unsettled);
        void *section = w->section;
        ql_qpack_result result = decode_or_wait(q, (ql_slice){ w->encoded, w->length }, section, w);
        if (result.status != QL_QPACK_WAITS)
            q->ready(q->user, section, &result);
    }
}

static void settle(ql_qpack *q, uint64_t limit, enum limit_source source)
{
    q->limit = limit;
    q->limit_source = source;
    try_again(q);
}

void ql_qpack_set_unread(ql_qpack *q, uint64_t bytes)
{
    bool filled = q->unread > 0 && bytes == 0;
    q->unread = bytes;
    if (filled && q->limit_source != LIMIT_UNKNOWN)
        try_again(q);
}

void ql_qpack_set_limit(ql_qpack *q, uint64_t max_table_capacity)
{
    if (q->limit_source != LIMIT_ANNOUNCED)
        settle(q, max_table_capacity, LIMIT_ANNOUNCED);
}

static void show(ql_qpack *q, waiter *w)
{
    if (w->shown)
        return;
    w->shown = true;
    ql_qpack_result result = decode_part(q, (ql_slice){ w->encoded, w->length },
                                         "entries of the dynamic table were not captured");
    if (result.status == QL_QPACK_PARTIAL)
        q->ready(q->user, w->section, &result);
}

void ql_qpack_show_waiting(ql_qpack *q)
{
    if (q->limit_source == LIMIT_UNKNOWN && !g_queue_is_empty(&q->unsettled))
        settle(q, USUAL_LIMIT, LIMIT_ASSUMED);
    for (GList *link = q->unsettled.head; link != NULL; link = link->next)
        show(q, link->data);
    for (GTreeNode *node = g_tree_node_first(q->waiting); node != NULL;
         node = g_tree_node_next(node))
        show(q, g_tree_node_value(node));
}

/* An encoder begins with the capacity of its table (RFC 9204, 4.3.1): a good guess at the limit
 * while the settings are not known. */
static void note_first_capacity(ql_qpack *q, ql_slice bytes)
{
    for (size_t i = 0; i < bytes.length && q->limit_source == LIMIT_UNKNOWN; i++) {
        uint8_t byte = bytes.data[i];
        if (q->encoder_bytes + i == 0) {
            if ((byte & 0xe0) != 0x20)
                return;
            q->first_capacity = byte & 0x1f;
            if (q->first_capacity < 0x1f)
                settle(q, q->first_capacity, LIMIT_ASSUMED);
        } else {
            if (q->first_capacity < 0x1f || q->first_shift > 21)
                return; /* no capacity, or one beyond all use */
            q->first_capacity += (uint64_t)(byte & 0x7f) << q->first_shift;
            q->first_shift += 7;
            if ((byte & 0x80) == 0)
                settle(q, q->first_capacity, LIMIT_ASSUMED);
        }
    }
}

static void wake(ql_qpack *q)
{
    GTreeNode *node;
    while (!q->lost && (node = g_tree_node_first(q->waiting)) != NULL) {
        waiter *w = g_tree_node_value(node);
        if (w->required_insert_count > ql_qpack_insert_count(q))
            return;
        ql_reader reader = ql_reader_of((ql_slice){ w->encoded, w->length });
        ql_qpack_read_integer(&reader, 8);
        uint64_t size = 0;
        ql_qpack_result result =
            decode_now(q, w->required_insert_count, ql_read_rest(&reader), &size);
        result = counted(q, result, size);
        void *section = w->section;
        q->waiting_bytes -= w->length;
        g_tree_remove(q->waiting, w);
        q->ready(q->user, section, &result);
    }
}

/* Resets nghttp3's count of encoder stream bytes by decoding a section of no lines. */
static void decode_nothing(ql_qpack *q)
{
    static const uint8_t nothing[] = { 0, 0 };
    uint64_t size = 0;
    nghttp3_qpack_stream_context *context = NULL;
    if (nghttp3_qpack_stream_context_new(&context, 0, nghttp3_mem_default()) != 0)
        return;
    ql_qpack_result result =
        ql_qpack_read_lines(q->decoder, context, (ql_slice){ nothing, sizeof nothing }, &size);
    if (result.status == QL_QPACK_DECODED)
        g_free(result.fields);
    nghttp3_qpack_stream_context_del(context);
}

const char *ql_qpack_on_encoder_stream(ql_qpack *q, ql_slice bytes)
{
    if (q->lost || bytes.length == 0)
        return NULL;
    if (!ensure_decoder(q))
        return "out of memory";
    note_first_capacity(q, bytes);
    q->encoder_bytes += bytes.length;
    while (bytes.length > 0 && !q->lost) {
        /* Byte by byte while sections wait, so that each is decoded before the entries that it
         * refers to can be evicted. */
        size_t chunk = g_tree_nnodes(q->waiting) > 0 ? 1 : MIN(bytes.length, CHUNK_MAX);
        nghttp3_ssize used = nghttp3_qpack_decoder_read_encoder(q->decoder, bytes.data, chunk);
        if (used < 0) {
            q->lost = true;
            return ql_qpack_error_text(used);
        }
        bytes.data += chunk;
        bytes.length -= chunk;
        if (chunk > 1 || bytes.length % CHUNK_MAX == 0)
            decode_nothing(q);
        wake(q);
    }
    return NULL;
}
