/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_exchange.h"

#include "origin_body.h"
#include "origin_response.h"

#include <glib.h>
#include <string.h>

struct ql_origin_exchange {
    nghttp3_conn *h3;
    int64_t stream;
    const ql_origin_http_settings *settings;
    const nghttp3_data_reader *reader;
    char *method, *target;
    size_t field_bytes; /* as RFC 9114, 4.2.2 counts them */
    GChecksum *sha256;
    uint64_t body_size;
    ql_origin_response response;
    ql_origin_body *body;
};

ql_origin_exchange *ql_origin_exchange_new(nghttp3_conn *h3, int64_t stream,
                                           const ql_origin_http_settings *settings,
                                           const nghttp3_data_reader *reader)
{
    ql_origin_exchange *e = g_new0(ql_origin_exchange, 1);
    e->h3 = h3;
    e->stream = stream;
    e->settings = settings;
    e->reader = reader;
    e->sha256 = g_checksum_new(G_CHECKSUM_SHA256);
    return e;
}

void ql_origin_exchange_free(ql_origin_exchange *e)
{
    if (e == NULL)
        return;
    g_free(e->method);
    g_free(e->target);
    g_checksum_free(e->sha256);
    ql_origin_body_free(e->body);
    ql_origin_response_clear(&e->response);
    g_free(e);
}

void ql_origin_exchange_field(ql_origin_exchange *e, int32_t token, nghttp3_vec name,
                              nghttp3_vec value)
{
    e->field_bytes += name.len + value.len + 32;
    if (e->field_bytes > QL_ORIGIN_MAX_FIELD_SECTION_BYTES)
        return;
    if (token == NGHTTP3_QPACK_TOKEN__METHOD)
        e->method = g_strndup((const char *)value.base, value.len);
    else if (token == NGHTTP3_QPACK_TOKEN__PATH)
        e->target = g_strndup((const char *)value.base, value.len);
}

void ql_origin_exchange_content(ql_origin_exchange *e, const uint8_t *data, size_t length)
{
    g_checksum_update(e->sha256, data, (gssize)length);
    e->body_size += length;
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

static int submit_response(ql_origin_exchange *e)
{
    nghttp3_nv fields[QL_ORIGIN_MAX_FIELDS];
    size_t unacked = e->settings->unacked;
    for (size_t i = 0; i < e->response.field_count; i++) {
        const ql_origin_field *field = &e->response.fields[i];
        fields[i] = (nghttp3_nv){ .name = (uint8_t *)(uintptr_t)field->name,
                                  .value = (uint8_t *)field->value,
                                  .namelen = strlen(field->name),
                                  .valuelen = strlen(field->value),
                                  .flags = NGHTTP3_NV_FLAG_NONE };
    }
    if (e->response.body != NULL)
        e->body =
            ql_origin_body_new(e->response.body, unacked > 0 ? unacked : QL_ORIGIN_BODY_UNACKED);
    return nghttp3_conn_submit_response(e->h3, e->stream, fields, e->response.field_count,
                                        e->body != NULL ? e->reader : NULL);
}

int ql_origin_exchange_end(ql_origin_exchange *e)
{
    const ql_origin_request request = {
        .method = e->method,
        .target = e->target,
        .too_large = e->field_bytes > QL_ORIGIN_MAX_FIELD_SECTION_BYTES,
        .body_size = e->body_size,
        .body_sha256 = g_checksum_get_string(e->sha256),
    };
    ql_origin_response_init(&e->response, &request, e->settings->content);
    log_access(e);
    return submit_response(e);
}

nghttp3_ssize ql_origin_exchange_read(ql_origin_exchange *e, nghttp3_vec *vector, uint32_t *flags)
{
    const uint8_t *data;
    size_t length;
    switch (ql_origin_body_next(e->body, &data, &length)) {
    case QL_ORIGIN_BODY_FULL: return NGHTTP3_ERR_WOULDBLOCK;
    case QL_ORIGIN_BODY_FAILED: return NGHTTP3_ERR_CALLBACK_FAILURE;
    case QL_ORIGIN_BODY_END: *flags |= NGHTTP3_DATA_FLAG_EOF; break;
    case QL_ORIGIN_BODY_PIECE: break;
    }
    *vector = (nghttp3_vec){ .base = (uint8_t *)(uintptr_t)data, .len = length };
    return length > 0 ? 1 : 0;
}

int ql_origin_exchange_acknowledge(ql_origin_exchange *e, uint64_t length)
{
    return ql_origin_body_acknowledge(e->body, length)
               ? nghttp3_conn_resume_stream(e->h3, e->stream)
               : 0;
}
