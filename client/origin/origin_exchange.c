/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_exchange.h"

#include "origin_body.h"
#include "origin_response.h"
#include "origin_websocket.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define PIECES_A_SECOND 10u /* of a body with a rate */

/* Unacknowledged bytes of a WebSocket: a client that has so many to hear first may not say more. */
#define MOST_UNHEARD_BYTES (1024u * 1024u)

struct ql_origin_exchange {
    nghttp3_conn *h3;
    int64_t stream;
    const ql_origin_http_settings *settings;
    const nghttp3_data_reader *reader;
    ql_qlog_http3 *qlog;
    char *method, *target, *protocol;
    GString *fields;
    size_t field_bytes; /* as RFC 9114, 4.2.2 counts them */
    GChecksum *sha256;
    uint64_t body_size;
    uint64_t owed;    /* bytes of it whose windows have not been given back */
    bool mirrors;     /* the request's content is wanted again */
    GByteArray *kept; /* all of it, then */
    size_t mirrored;  /* how much of that counts in settings->mirrored */
    ql_origin_response response;
    bool answered; /* the response has been submitted */
    ql_origin_body *body;
    uint64_t read;      /* bytes of the response's content */
    uint64_t due;       /* when it goes on; UINT64_MAX: it does not wait for a time */
    uint64_t next_read; /* of a body with a rate */
    ql_origin_websocket *socket;
};

ql_origin_exchange *ql_origin_exchange_new(const ql_origin_exchange_place *place, int64_t stream)
{
    ql_origin_exchange *e = g_new0(ql_origin_exchange, 1);
    e->h3 = place->h3;
    e->stream = stream;
    e->settings = place->settings;
    e->reader = place->reader;
    e->qlog = place->qlog;
    e->fields = g_string_new(NULL);
    e->sha256 = g_checksum_new(G_CHECKSUM_SHA256);
    e->kept = g_byte_array_new();
    e->due = UINT64_MAX;
    return e;
}

void ql_origin_exchange_free(ql_origin_exchange *e)
{
    if (e == NULL)
        return;
    g_free(e->method);
    g_free(e->target);
    g_free(e->protocol);
    g_string_free(e->fields, TRUE);
    g_checksum_free(e->sha256);
    g_byte_array_unref(e->kept);
    *e->settings->mirrored -= e->mirrored;
    ql_origin_body_free(e->body);
    ql_origin_response_clear(&e->response);
    ql_origin_websocket_free(e->socket);
    g_free(e);
}

void ql_origin_exchange_field(ql_origin_exchange *e, int32_t token, nghttp3_vec name,
                              nghttp3_vec value)
{
    e->field_bytes += name.len + value.len + 32;
    if (e->field_bytes > QL_ORIGIN_MAX_FIELD_SECTION_BYTES)
        return;
    ql_qlog_http3_field(e->qlog, QL_QLOG_REMOTE, e->stream, name.base, name.len, value.base,
                        value.len);
    g_string_append_printf(e->fields, "%.*s: %.*s\n", (int)name.len, (const char *)name.base,
                           (int)value.len, (const char *)value.base);
    if (token == NGHTTP3_QPACK_TOKEN__METHOD)
        e->method = g_strndup((const char *)value.base, value.len);
    else if (token == NGHTTP3_QPACK_TOKEN__PATH)
        e->target = g_strndup((const char *)value.base, value.len);
    else if (token == NGHTTP3_QPACK_TOKEN__PROTOCOL)
        e->protocol = g_strndup((const char *)value.base, value.len);
}

static void log_access(const ql_origin_exchange *e)
{
    const ql_origin_resource *body = e->response.body;
    const ql_origin_access access = {
        .method = e->method != NULL ? e->method : "-",
        .target = e->target != NULL ? e->target : "-",
        .status = e->response.status,
        .request_size = e->body_size,
        .response_size = body != NULL ? ql_origin_resource_size(body) : 0,
    };
    if (e->settings->log != NULL)
        e->settings->log(&access, e->settings->log_user);
}

static nghttp3_nv pair_of(const char *name, const char *value)
{
    return (nghttp3_nv){ .name = (uint8_t *)(uintptr_t)name,
                         .value = (uint8_t *)(uintptr_t)value,
                         .namelen = strlen(name),
                         .valuelen = strlen(value),
                         .flags = NGHTTP3_NV_FLAG_NONE };
}

/* Sections go into the log ahead of their frames. */
static void log_section(const ql_origin_exchange *e, const nghttp3_nv *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ql_qlog_http3_field(e->qlog, QL_QLOG_LOCAL, e->stream, fields[i].name, fields[i].namelen,
                            fields[i].value, fields[i].valuelen);
    ql_qlog_http3_fields_end(e->qlog, QL_QLOG_LOCAL, e->stream);
}

static bool is_websocket(const ql_origin_exchange *e)
{
    return g_strcmp0(e->method, "CONNECT") == 0 && g_strcmp0(e->protocol, "websocket") == 0;
}

int ql_origin_exchange_fields_end(ql_origin_exchange *e)
{
    ql_origin_plan plan;
    ql_qlog_http3_fields_end(e->qlog, QL_QLOG_REMOTE, e->stream);
    e->mirrors = e->target != NULL && ql_origin_lab_parse(e->target, &plan) &&
                 plan.content == QL_ORIGIN_PLAN_MIRROR;
    if (!is_websocket(e))
        return 0;
    const nghttp3_nv fields[] = { pair_of(":status", "200") };
    e->socket = ql_origin_websocket_new();
    e->body = ql_origin_body_new_empty();
    e->answered = true;
    e->response.status = 200;
    log_access(e);
    log_section(e, fields, G_N_ELEMENTS(fields));
    return nghttp3_conn_submit_response(e->h3, e->stream, fields, G_N_ELEMENTS(fields), e->reader);
}

static int answer_websocket(ql_origin_exchange *e, const uint8_t *data, size_t length)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();
    ql_origin_websocket_receive(e->socket, data, length, answer);
    ql_origin_body_append(e->body, answer->data, answer->len);
    if (ql_origin_websocket_is_closed(e->socket))
        ql_origin_body_finish(e->body);
    return nghttp3_conn_resume_stream(e->h3, e->stream);
}

static bool is_kept_whole(const ql_origin_exchange *e)
{
    return e->kept->len == e->body_size;
}

/* Up to what one request may have, and all of them together. */
static void keep_content(ql_origin_exchange *e, const uint8_t *data, size_t length)
{
    size_t *all = e->settings->mirrored;
    if (!is_kept_whole(e))
        return;
    if (e->mirrored + length <= QL_ORIGIN_MAX_MIRRORED_BYTES &&
        *all + length <= QL_ORIGIN_MAX_MIRRORED_BYTES_OF_ALL) {
        g_byte_array_append(e->kept, data, (guint)length);
        e->mirrored += length;
        *all += length;
    } else {
        g_byte_array_unref(g_steal_pointer(&e->kept));
        e->kept = g_byte_array_new();
        *all -= e->mirrored;
        e->mirrored = 0;
    }
}

int ql_origin_exchange_content(ql_origin_exchange *e, const uint8_t *data, size_t length)
{
    e->owed += length;
    if (e->socket != NULL)
        return answer_websocket(e, data, length);
    g_checksum_update(e->sha256, data, (gssize)length);
    if (e->mirrors)
        keep_content(e, data, length);
    e->body_size += length;
    return 0;
}

uint64_t ql_origin_exchange_credit(ql_origin_exchange *e)
{
    if (e->socket != NULL && ql_origin_body_kept(e->body) > MOST_UNHEARD_BYTES)
        return 0;
    uint64_t credit = e->owed;
    e->owed = 0;
    return credit;
}

static int submit_response(ql_origin_exchange *e)
{
    nghttp3_nv fields[QL_ORIGIN_MAX_FIELDS];
    size_t unacked = e->settings->unacked;
    for (size_t i = 0; i < e->response.field_count; i++)
        fields[i] = pair_of(e->response.fields[i].name, e->response.fields[i].value);
    if (e->response.body != NULL)
        e->body =
            ql_origin_body_new(e->response.body, unacked > 0 ? unacked : QL_ORIGIN_BODY_UNACKED);
    e->answered = true;
    log_section(e, fields, e->response.field_count);
    return nghttp3_conn_submit_response(e->h3, e->stream, fields, e->response.field_count,
                                        e->body != NULL ? e->reader : NULL);
}

/* RFC 8297: what the client will want, too. */
static int submit_early_hints(const ql_origin_exchange *e)
{
    const nghttp3_nv fields[] = { pair_of(":status", "103"),
                                  pair_of("link", "</quiclens.svg>; rel=preload; as=image") };
    log_section(e, fields, G_N_ELEMENTS(fields));
    return nghttp3_conn_submit_info(e->h3, e->stream, fields, G_N_ELEMENTS(fields));
}

static int answer(ql_origin_exchange *e, uint64_t now)
{
    bool whole = is_kept_whole(e);
    g_autoptr(GBytes) kept = g_byte_array_free_to_bytes(g_steal_pointer(&e->kept));
    const ql_origin_request request = {
        .method = e->method,
        .target = e->target,
        .too_large = e->field_bytes > QL_ORIGIN_MAX_FIELD_SECTION_BYTES,
        .fields = e->fields->str,
        .body_size = e->body_size,
        .body_sha256 = g_checksum_get_string(e->sha256),
        .body = whole ? kept : NULL,
    };
    e->kept = g_byte_array_new();
    ql_origin_response_init(&e->response, &request, e->settings->content);
    log_access(e);
    if (e->response.plan.early_hints) {
        int status = submit_early_hints(e);
        if (status != 0)
            return status;
    }
    if (e->response.plan.delay == 0)
        return submit_response(e);
    e->due = now + e->response.plan.delay;
    return 0;
}

int ql_origin_exchange_end(ql_origin_exchange *e, uint64_t now)
{
    if (e->socket == NULL)
        return answer(e, now);
    ql_origin_body_finish(e->body);
    return nghttp3_conn_resume_stream(e->h3, e->stream);
}

static int submit_trailers(const ql_origin_exchange *e)
{
    g_autofree char *size = g_strdup_printf("%" PRIu64, e->read);
    const nghttp3_nv fields[] = { pair_of("x-content-size", size),
                                  pair_of("x-origin", "quiclens") };
    log_section(e, fields, G_N_ELEMENTS(fields));
    return nghttp3_conn_submit_trailers(e->h3, e->stream, fields, G_N_ELEMENTS(fields));
}

static int end_content(const ql_origin_exchange *e, uint32_t *flags)
{
    *flags |= NGHTTP3_DATA_FLAG_EOF;
    if (!e->response.plan.trailers)
        return 0;
    *flags |= NGHTTP3_DATA_FLAG_NO_END_STREAM;
    return submit_trailers(e);
}

/* How much the plan lets be read now; 0: nothing. */
static uint64_t allowance(ql_origin_exchange *e, uint64_t now)
{
    const ql_origin_plan *plan = &e->response.plan;
    uint64_t most = plan->reset ? plan->reset_after - e->read : UINT64_MAX;
    if (plan->rate == 0)
        return most;
    if (now < e->next_read) {
        e->due = e->next_read;
        return 0;
    }
    return MIN(most, MAX(plan->rate / PIECES_A_SECOND, 1));
}

nghttp3_ssize ql_origin_exchange_read(ql_origin_exchange *e, nghttp3_vec *vector, uint32_t *flags,
                                      uint64_t now)
{
    const ql_origin_plan *plan = &e->response.plan;
    const uint8_t *data;
    size_t length;
    /* What was sent is to arrive, so that the reset comes where it was asked for. */
    if (plan->reset && e->read >= plan->reset_after)
        return ql_origin_body_is_acknowledged(e->body) ? NGHTTP3_ERR_CALLBACK_FAILURE
                                                       : NGHTTP3_ERR_WOULDBLOCK;
    uint64_t most = allowance(e, now);
    if (most == 0)
        return NGHTTP3_ERR_WOULDBLOCK;
    ql_origin_body_state state = ql_origin_body_next(e->body, most, &data, &length);
    if (state == QL_ORIGIN_BODY_FULL)
        return NGHTTP3_ERR_WOULDBLOCK;
    if (state == QL_ORIGIN_BODY_FAILED)
        return NGHTTP3_ERR_CALLBACK_FAILURE;
    e->read += length;
    if (plan->rate > 0)
        e->next_read = now + length * NGTCP2_SECONDS / plan->rate;
    if (state == QL_ORIGIN_BODY_END && !(plan->reset && length > 0) && end_content(e, flags) != 0)
        return NGHTTP3_ERR_CALLBACK_FAILURE;
    *vector = (nghttp3_vec){ .base = (uint8_t *)(uintptr_t)data, .len = length };
    return length > 0 ? 1 : 0;
}

int ql_origin_exchange_acknowledge(ql_origin_exchange *e, uint64_t length)
{
    bool relieved = ql_origin_body_acknowledge(e->body, length);
    bool reset_due = e->response.plan.reset && ql_origin_body_is_acknowledged(e->body);
    return relieved || reset_due ? nghttp3_conn_resume_stream(e->h3, e->stream) : 0;
}

uint64_t ql_origin_exchange_expiry(const ql_origin_exchange *e)
{
    return e->due;
}

int ql_origin_exchange_expire(ql_origin_exchange *e)
{
    e->due = UINT64_MAX;
    return e->answered ? nghttp3_conn_resume_stream(e->h3, e->stream) : submit_response(e);
}
