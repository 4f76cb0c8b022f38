/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include <json-glib/json-glib.h>
#include <string.h>

G_DEFINE_QUARK(ql_facts_error, ql_facts_error)

/* Values are taken only if they are of the kind that is wanted: what another version of the plugin
 * writes must not bring this program down. */
static JsonNode *member(JsonObject *object, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(object, name);
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
        return NULL;
    GType found = json_node_get_value_type(node);
    bool fits = found == type || (type == G_TYPE_DOUBLE && found == G_TYPE_INT64);
    return fits ? node : NULL;
}

static char *get_text(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name, G_TYPE_STRING);
    return node != NULL ? json_node_dup_string(node) : NULL;
}

static uint64_t get_number(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name, G_TYPE_INT64);
    gint64 value = node != NULL ? json_node_get_int(node) : 0;
    return value > 0 ? (uint64_t)value : 0;
}

static uint32_t get_frame(JsonObject *object, const char *name)
{
    return (uint32_t)MIN(get_number(object, name), UINT32_MAX);
}

static double get_seconds(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name, G_TYPE_DOUBLE);
    return node != NULL ? json_node_get_double(node) : -1;
}

static bool get_truth(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name, G_TYPE_BOOLEAN);
    return node != NULL && json_node_get_boolean(node);
}

static void connection_free(gpointer data)
{
    ql_fact_connection *fact = data;
    g_free(fact->version);
    g_free(fact->alpn);
    g_free(fact->secrets);
    g_free(fact->client);
    g_free(fact->server);
    g_free(fact->close_sender);
    g_free(fact->close_reason);
    g_free(fact);
}

static gpointer read_connection(JsonObject *object)
{
    ql_fact_connection *fact = g_new0(ql_fact_connection, 1);
    fact->number = get_frame(object, "connection");
    fact->version = get_text(object, "version");
    fact->alpn = get_text(object, "alpn");
    fact->secrets = get_text(object, "secrets");
    fact->client = get_text(object, "client");
    fact->server = get_text(object, "server");
    fact->first_frame = get_frame(object, "first_frame");
    fact->last_frame = get_frame(object, "last_frame");
    fact->packets = get_number(object, "packets");
    JsonNode *node = json_object_get_member(object, "close");
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *close = json_node_get_object(node);
        fact->close_frame = get_frame(close, "frame");
        fact->close_sender = get_text(close, "sender");
        fact->close_by_application = get_truth(close, "application");
        fact->close_error = get_number(close, "error");
        fact->close_reason = get_text(close, "reason");
    }
    return fact;
}

static void exchange_free(gpointer data)
{
    ql_fact_exchange *fact = data;
    g_free(fact->method);
    g_free(fact->scheme);
    g_free(fact->authority);
    g_free(fact->path);
    g_free(fact->content_type);
    g_free(fact->request_body_sha256);
    g_free(fact->response_body_sha256);
    g_free(fact);
}

/* The value of the first field of that name in an array of [name, value] pairs. */
static char *find_field(JsonObject *object, const char *section, const char *name)
{
    JsonNode *node = json_object_get_member(object, section);
    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    JsonArray *fields = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(fields); i++) {
        JsonNode *field = json_array_get_element(fields, i);
        JsonArray *pair = JSON_NODE_HOLDS_ARRAY(field) ? json_node_get_array(field) : NULL;
        if (pair == NULL || json_array_get_length(pair) != 2)
            continue;
        const char *found = json_node_get_string(json_array_get_element(pair, 0));
        if (found != NULL && strcmp(found, name) == 0)
            return json_node_dup_string(json_array_get_element(pair, 1));
    }
    return NULL;
}

static gpointer read_exchange(JsonObject *object)
{
    ql_fact_exchange *fact = g_new0(ql_fact_exchange, 1);
    fact->connection = get_frame(object, "connection");
    fact->stream = get_number(object, "stream");
    fact->pushed = get_truth(object, "pushed");
    fact->complete = get_truth(object, "complete");
    fact->method = get_text(object, "method");
    fact->scheme = get_text(object, "scheme");
    fact->authority = get_text(object, "authority");
    fact->path = get_text(object, "path");
    fact->status = get_frame(object, "status");
    fact->content_type = find_field(object, "response_headers", "content-type");
    fact->request_body_size = get_number(object, "request_body_size");
    fact->response_body_size = get_number(object, "response_body_size");
    fact->request_body_sha256 = get_text(object, "request_body_sha256");
    fact->response_body_sha256 = get_text(object, "response_body_sha256");
    fact->request_frame = get_frame(object, "request_frame");
    fact->response_frame = get_frame(object, "response_frame");
    fact->end_frame = get_frame(object, "end_frame");
    fact->time_to_first_byte = get_seconds(object, "time_to_first_byte");
    fact->duration = get_seconds(object, "duration");
    return fact;
}

static void cid_free(gpointer data)
{
    ql_fact_cid *fact = data;
    g_free(fact->issuer);
    g_free(fact->value);
    g_free(fact->origin);
    g_free(fact);
}

static gpointer read_cid(JsonObject *object)
{
    ql_fact_cid *fact = g_new0(ql_fact_cid, 1);
    fact->connection = get_frame(object, "connection");
    fact->issuer = get_text(object, "issuer");
    fact->has_sequence = member(object, "sequence", G_TYPE_INT64) != NULL;
    fact->sequence = get_number(object, "sequence");
    fact->value = get_text(object, "value");
    fact->origin = get_text(object, "origin");
    fact->issued_frame = get_frame(object, "issued_frame");
    fact->first_used_frame = get_frame(object, "first_used_frame");
    fact->last_used_frame = get_frame(object, "last_used_frame");
    fact->retired_frame = get_frame(object, "retired_frame");
    fact->packets = get_number(object, "packets");
    return fact;
}

static void path_free(gpointer data)
{
    ql_fact_path *fact = data;
    g_free(fact->client);
    g_free(fact->server);
    g_free(fact->cause);
    g_free(fact);
}

static gpointer read_path(JsonObject *object)
{
    ql_fact_path *fact = g_new0(ql_fact_path, 1);
    fact->connection = get_frame(object, "connection");
    fact->id = get_frame(object, "id");
    fact->client = get_text(object, "client");
    fact->server = get_text(object, "server");
    fact->cause = get_text(object, "cause");
    fact->first_frame = get_frame(object, "first_frame");
    fact->last_frame = get_frame(object, "last_frame");
    fact->challenge_frame = get_frame(object, "challenge_frame");
    fact->response_frame = get_frame(object, "response_frame");
    fact->packets = get_number(object, "packets");
    fact->validation_time = get_seconds(object, "validation_time");
    fact->validated = get_truth(object, "validated");
    return fact;
}

static void finding_free(gpointer data)
{
    ql_fact_finding *fact = data;
    g_free(fact->code);
    g_free(fact->severity);
    g_free(fact->text);
    g_free(fact->rfc);
    g_free(fact);
}

static gpointer read_finding(JsonObject *object)
{
    ql_fact_finding *fact = g_new0(ql_fact_finding, 1);
    fact->has_connection = member(object, "connection", G_TYPE_INT64) != NULL;
    fact->connection = get_frame(object, "connection");
    fact->frame = get_frame(object, "frame");
    fact->code = get_text(object, "code");
    fact->severity = get_text(object, "severity");
    fact->text = get_text(object, "text");
    fact->rfc = get_text(object, "rfc");
    return fact;
}

static bool add_fact(ql_facts *facts, JsonObject *object)
{
    g_autofree char *type = get_text(object, "type");
    if (type == NULL)
        return false;
    if (strcmp(type, "connection") == 0)
        g_ptr_array_add(facts->connections, read_connection(object));
    else if (strcmp(type, "exchange") == 0)
        g_ptr_array_add(facts->exchanges, read_exchange(object));
    else if (strcmp(type, "cid") == 0)
        g_ptr_array_add(facts->cids, read_cid(object));
    else if (strcmp(type, "path") == 0)
        g_ptr_array_add(facts->paths, read_path(object));
    else if (strcmp(type, "finding") == 0)
        g_ptr_array_add(facts->findings, read_finding(object));
    return true;
}

static bool read_line(ql_facts *facts, JsonParser *parser, const char *line, size_t length,
                      unsigned number, GError **error)
{
    g_autoptr(GError) cause = NULL;
    if (!json_parser_load_from_data(parser, line, (gssize)length, &cause)) {
        g_set_error(error, QL_FACTS_ERROR, 0, "line %u is no JSON: %s", number, cause->message);
        return false;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root) ||
        !add_fact(facts, json_node_get_object(root))) {
        g_set_error(error, QL_FACTS_ERROR, 0, "line %u is no JSON object with a type", number);
        return false;
    }
    return true;
}

ql_facts *ql_facts_parse(const char *text, size_t length, GError **error)
{
    ql_facts *facts = g_new0(ql_facts, 1);
    facts->connections = g_ptr_array_new_with_free_func(connection_free);
    facts->exchanges = g_ptr_array_new_with_free_func(exchange_free);
    facts->cids = g_ptr_array_new_with_free_func(cid_free);
    facts->paths = g_ptr_array_new_with_free_func(path_free);
    facts->findings = g_ptr_array_new_with_free_func(finding_free);
    g_autoptr(JsonParser) parser = json_parser_new();
    const char *end = text + length;
    for (unsigned number = 1; text < end; number++) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        size_t line_length = (size_t)((feed != NULL ? feed : end) - text);
        if (line_length > 0 && !read_line(facts, parser, text, line_length, number, error)) {
            ql_facts_free(facts);
            return NULL;
        }
        text += line_length + 1;
    }
    return facts;
}

void ql_facts_free(ql_facts *facts)
{
    if (facts == NULL)
        return;
    g_ptr_array_unref(facts->connections);
    g_ptr_array_unref(facts->exchanges);
    g_ptr_array_unref(facts->cids);
    g_ptr_array_unref(facts->paths);
    g_ptr_array_unref(facts->findings);
    g_free(facts);
}
