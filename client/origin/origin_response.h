/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the embedded origin answers: from a request that came whole to status, fields and body. It
 * knows HTTP semantics (RFC 9110), not how they travel. */
#pragma once

#include "origin_content.h"
#include "origin_lab.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A request as far as the answer depends on it. Strings may be NULL where the field was not sent.
 */
typedef struct ql_origin_request {
    const char *method;
    const char *target; /* :path */
    bool too_large;     /* its fields are over the limit: answered with 431 (RFC 6585, 5) */
    uint64_t body_size;
    const char *body_sha256; /* hexadecimal */
    const char *fields;      /* of the header section, a line each; for /headers */
    GBytes *body;            /* for /mirror; NULL: it is larger than what is kept of it (413) */
} ql_origin_request;

typedef struct ql_origin_field {
    const char *name;
    char *value;
} ql_origin_field;

#define QL_ORIGIN_MAX_FIELDS 10

typedef struct ql_origin_response {
    unsigned status;
    ql_origin_field fields[QL_ORIGIN_MAX_FIELDS]; /* :status first */
    size_t field_count;
    ql_origin_resource *body;     /* NULL if none is sent: the answer to HEAD, 204, 304 */
    const char *content_encoding; /* NULL: none */
    ql_origin_plan plan;          /* what else happens */
} ql_origin_response;

/* Among the built-in pages are those of the lab (origin_lab.h), for all of GET, HEAD, POST and PUT.
 * Else GET and HEAD look the target up; POST is answered with a JSON object of the body's size and
 * SHA-256, whatever the target; any other method is not allowed (405). */
void ql_origin_response_init(ql_origin_response *response, const ql_origin_request *request,
                             const ql_origin_content *content);
void ql_origin_response_clear(ql_origin_response *response);
