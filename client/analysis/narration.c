/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "narration.h"

#include "quic_error.h"
#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define NEW_CONNECTION_ID "NEW_CONNECTION_ID"

typedef enum weight {
    DETAIL,
    LANDMARK,
} weight;

static void sentence_free(gpointer data)
{
    ql_sentence *sentence = data;
    g_free(sentence->text);
    g_free(sentence);
}

static void say(GPtrArray *story, uint32_t connection, uint32_t frame, weight how_much,
                const char *format, ...) G_GNUC_PRINTF(5, 6);

static void say(GPtrArray *story, uint32_t connection, uint32_t frame, weight how_much,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ql_sentence *sentence = g_new0(ql_sentence, 1);
    sentence->frame = frame;
    sentence->connection = connection;
    sentence->landmark = how_much == LANDMARK;
    sentence->text = ql_text_escape(text);
    g_ptr_array_add(story, sentence);
}

static const char *or_unknown(const char *text)
{
    return text != NULL ? text : "(not seen)";
}

static const char *other_side(const char *side)
{
    return g_strcmp0(side, "client") == 0 ? "server" : "client";
}

/* "1,048,576 bytes" */
static char *format_bytes(uint64_t count)
{
    g_autofree char *digits = g_strdup_printf("%" PRIu64, count);
    size_t length = strlen(digits);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    g_string_append(text, count == 1 ? " byte" : " bytes");
    return g_string_free(text, FALSE);
}

/* " after 12.3 ms", or "" if the time is not known. */
static char *format_delay(double seconds)
{
    if (seconds < 0)
        return g_strdup("");
    return seconds < 1 ? g_strdup_printf(" after %.1f ms", seconds * 1000)
                       : g_strdup_printf(" after %.2f s", seconds);
}

static const char *version_name(const char *version)
{
    if (g_strcmp0(version, "0x00000001") == 0)
        return "1";
    if (g_strcmp0(version, "0x6b3343cf") == 0)
        return "2";
    return or_unknown(version);
}

static void tell_close(GPtrArray *story, const ql_fact_connection *fact)
{
    const char *name = fact->close_by_application ? ql_http3_error_name(fact->close_error)
                                                  : ql_quic_transport_error_name(fact->close_error);
    const char *reason = fact->close_reason != NULL ? fact->close_reason : "";
    g_autofree char *number = g_strdup_printf(
        "%s 0x%" PRIx64, fact->close_error == 0 ? "code" : "error", fact->close_error);
    g_autofree char *quoted =
        reason[0] != '\0' ? g_strdup_printf(", \"%s\"", reason) : g_strdup("");
    say(story, fact->number, fact->close_frame, LANDMARK, "The %s closes the connection: %s%s",
        or_unknown(fact->close_sender), name != NULL ? name : number, quoted);
}

static void tell_connection(GPtrArray *story, const ql_fact_connection *fact)
{
    g_autofree char *purpose =
        fact->alpn != NULL ? g_strdup_printf(", for %s", fact->alpn) : g_strdup("");
    say(story, fact->number, fact->first_frame, LANDMARK,
        "The handshake begins: %s opens a connection to %s, QUIC version %s%s",
        or_unknown(fact->client), or_unknown(fact->server), version_name(fact->version), purpose);
    if (fact->close_frame != 0)
        tell_close(story, fact);
}

/* "GET /a on stream 4" */
static char *exchange_name(const ql_fact_exchange *fact)
{
    return g_strdup_printf("%s %s on stream %" PRIu64,
                           fact->method != NULL ? fact->method : "the request",
                           or_unknown(fact->path), fact->stream);
}

static void tell_request(GPtrArray *story, const ql_fact_exchange *fact, const char *name,
                         bool first)
{
    g_autofree char *size = format_bytes(fact->request_body_size);
    g_autofree char *content =
        fact->request_body_size > 0 ? g_strdup_printf(", with %s of content", size) : g_strdup("");
    say(story, fact->connection, fact->request_frame, first ? LANDMARK : DETAIL, "%s: %s%s",
        fact->pushed ? "The server announces a push" : "The client asks", name, content);
}

static void tell_response(GPtrArray *story, const ql_fact_exchange *fact, const char *name,
                          bool first)
{
    bool at_once = fact->complete && fact->end_frame == fact->response_frame;
    g_autofree char *delay = format_delay(fact->time_to_first_byte);
    g_autofree char *size = format_bytes(fact->response_body_size);
    g_autofree char *type =
        fact->content_type != NULL ? g_strdup_printf(" (%s)", fact->content_type) : g_strdup("");
    say(story, fact->connection, fact->response_frame, first ? LANDMARK : DETAIL,
        "The answer to %s %s%s: %u%s%s%s", name, at_once ? "comes" : "begins", delay, fact->status,
        type, at_once ? ", " : "", at_once ? size : "");
    if (fact->complete && !at_once && fact->end_frame != 0) {
        g_autofree char *duration = format_delay(fact->duration);
        say(story, fact->connection, fact->end_frame, DETAIL, "%s is complete%s: %s", name,
            duration, size);
    }
}

static void tell_exchange(GPtrArray *story, const ql_fact_exchange *fact, bool first)
{
    g_autofree char *name = exchange_name(fact);
    if (fact->request_frame != 0)
        tell_request(story, fact, name, first);
    if (fact->response_frame != 0)
        tell_response(story, fact, name, first);
}

static bool came_in_a_frame(const ql_fact_cid *fact)
{
    return fact->issued_frame != 0 && g_strcmp0(fact->origin, NEW_CONNECTION_ID) == 0;
}

static char *cid_name(const ql_fact_cid *fact)
{
    const char *value = fact->value != NULL && fact->value[0] != '\0' ? fact->value : "(empty)";
    return fact->has_sequence ? g_strdup_printf("%s (number %" PRIu64 ")", value, fact->sequence)
                              : g_strdup(value);
}

/* The ID that was in use until this one came: of the same issuer, the last to be used before. */
static const ql_fact_cid *predecessor(const GPtrArray *cids, const ql_fact_cid *fact)
{
    const ql_fact_cid *found = NULL;
    for (guint i = 0; i < cids->len; i++) {
        const ql_fact_cid *other = g_ptr_array_index(cids, i);
        bool before = g_strcmp0(other->issuer, fact->issuer) == 0 && other->first_used_frame != 0 &&
                      other->first_used_frame < fact->first_used_frame;
        if (before && (found == NULL || other->first_used_frame > found->first_used_frame))
            found = other;
    }
    return found;
}

static void tell_first_use(GPtrArray *story, const GPtrArray *cids, const ql_fact_cid *fact,
                           const char *name)
{
    const ql_fact_cid *before = predecessor(cids, fact);
    const char *user = other_side(fact->issuer);
    if (before == NULL) {
        bool answers = g_strcmp0(fact->issuer, "client") == 0;
        say(story, fact->connection, fact->first_used_frame, answers ? LANDMARK : DETAIL,
            answers ? "The %s answers, to connection ID %s" : "The %s sends to connection ID %s",
            user, name);
        return;
    }
    g_autofree char *before_name = cid_name(before);
    say(story, fact->connection, fact->first_used_frame, came_in_a_frame(fact) ? LANDMARK : DETAIL,
        "The %s now sends to connection ID %s, no longer to %s", user, name, before_name);
}

static bool issued_together(const ql_fact_cid *a, const ql_fact_cid *b)
{
    return came_in_a_frame(a) && came_in_a_frame(b) && a->issued_frame == b->issued_frame &&
           g_strcmp0(a->issuer, b->issuer) == 0;
}

/* A server that issues six at once does one thing: the first of them tells it for all. */
static void tell_issue(GPtrArray *story, const GPtrArray *cids, guint index, const char *name)
{
    const ql_fact_cid *fact = g_ptr_array_index(cids, index);
    uint64_t lowest = fact->sequence, highest = fact->sequence;
    unsigned count = 0;
    for (guint i = 0; i < cids->len; i++) {
        const ql_fact_cid *other = g_ptr_array_index(cids, i);
        if (!issued_together(fact, other))
            continue;
        if (i < index)
            return;
        count++;
        lowest = MIN(lowest, other->sequence);
        highest = MAX(highest, other->sequence);
    }
    if (count == 1)
        say(story, fact->connection, fact->issued_frame, DETAIL,
            "The %s issues connection ID %s, which the %s may use", or_unknown(fact->issuer), name,
            other_side(fact->issuer));
    else
        say(story, fact->connection, fact->issued_frame, DETAIL,
            "The %s issues %u connection IDs (numbers %" PRIu64 " to %" PRIu64
            "), which the %s may use",
            or_unknown(fact->issuer), count, lowest, highest, other_side(fact->issuer));
}

static void tell_cid(GPtrArray *story, const GPtrArray *cids, guint index)
{
    const ql_fact_cid *fact = g_ptr_array_index(cids, index);
    g_autofree char *name = cid_name(fact);
    if (came_in_a_frame(fact))
        tell_issue(story, cids, index, name);
    if (fact->issued_frame != 0 && g_strcmp0(fact->origin, "retry") == 0)
        say(story, fact->connection, fact->issued_frame, LANDMARK,
            "The server wants the client to begin again, with connection ID %s (Retry)", name);
    if (fact->first_used_frame != 0)
        tell_first_use(story, cids, fact, name);
    if (fact->retired_frame != 0)
        say(story, fact->connection, fact->retired_frame, DETAIL,
            "The %s gives the %s's connection ID %s back", other_side(fact->issuer),
            or_unknown(fact->issuer), name);
}

/* Connection by connection, so that the cost stays small however many there are. */
static void tell_cids(GPtrArray *story, const GPtrArray *all)
{
    g_autoptr(GHashTable) groups =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        ql_fact_cid *fact = g_ptr_array_index(all, i);
        gpointer key = GUINT_TO_POINTER(fact->connection);
        GPtrArray *group = g_hash_table_lookup(groups, key);
        if (group == NULL) {
            group = g_ptr_array_new();
            g_hash_table_insert(groups, key, group);
            g_ptr_array_add(order, group);
        }
        g_ptr_array_add(group, fact);
    }
    for (guint g = 0; g < order->len; g++) {
        const GPtrArray *cids = g_ptr_array_index(order, g);
        for (guint i = 0; i < cids->len; i++)
            tell_cid(story, cids, i);
    }
}

static const char *change_of_path(const char *cause)
{
    if (g_strcmp0(cause, "migration") == 0)
        return "The connection moves to a new path";
    if (g_strcmp0(cause, "rebinding") == 0)
        return "The client's packets come from a new address, as behind a NAT";
    if (g_strcmp0(cause, "preferred-address") == 0)
        return "The client moves to the server's preferred address";
    return "Another path is tried out";
}

static void tell_path(GPtrArray *story, const ql_fact_path *fact)
{
    if (g_strcmp0(fact->cause, "initial") != 0)
        say(story, fact->connection, fact->first_frame, LANDMARK, "%s: client %s, server %s",
            change_of_path(fact->cause), or_unknown(fact->client), or_unknown(fact->server));
    if (fact->challenge_frame != 0)
        say(story, fact->connection, fact->challenge_frame, DETAIL,
            "A proof is asked for that client %s and server %s reach each other (PATH_CHALLENGE)",
            or_unknown(fact->client), or_unknown(fact->server));
    if (fact->validated && fact->response_frame != 0) {
        g_autofree char *delay = format_delay(fact->validation_time);
        say(story, fact->connection, fact->response_frame, LANDMARK,
            "The path is validated%s (PATH_RESPONSE)", delay);
    }
}

static void tell_finding(GPtrArray *story, const ql_fact_finding *fact)
{
    g_autofree char *rule = fact->rfc != NULL ? g_strdup_printf(" (%s)", fact->rfc) : g_strdup("");
    say(story, fact->has_connection ? fact->connection : UINT32_MAX, fact->frame, LANDMARK, "%s%s",
        or_unknown(fact->text), rule);
}

/* Stable: sentences of the same frame stay in the order in which they were said. */
static gint compare_frames(gconstpointer a, gconstpointer b)
{
    const ql_sentence *first = *(ql_sentence *const *)a, *second = *(ql_sentence *const *)b;
    return (first->frame > second->frame) - (first->frame < second->frame);
}

GPtrArray *ql_narration_of(const ql_facts *facts)
{
    GPtrArray *story = g_ptr_array_new_with_free_func(sentence_free);
    for (guint i = 0; i < facts->connections->len; i++)
        tell_connection(story, g_ptr_array_index(facts->connections, i));
    for (guint i = 0; i < facts->paths->len; i++)
        tell_path(story, g_ptr_array_index(facts->paths, i));
    tell_cids(story, facts->cids);
    for (guint i = 0; i < facts->exchanges->len; i++)
        tell_exchange(story, g_ptr_array_index(facts->exchanges, i), i == 0);
    for (guint i = 0; i < facts->findings->len; i++)
        tell_finding(story, g_ptr_array_index(facts->findings, i));
    g_ptr_array_sort(story, compare_frames);
    return story;
}
