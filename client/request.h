/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request and its response (RFC 9114, 4): what is to be sent, what has come, and where it goes.
 * It knows HTTP, but neither streams nor connections. */
#pragma once

#include "body.h"
#include "fields.h"
#include "output.h"
#include "trace.h"
#include "url.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_REQUEST_ERROR (ql_request_error_quark())
GQuark ql_request_error_quark(void); /* code 0: the request cannot be made like this */

typedef enum ql_request_state {
    QL_REQUEST_WAITING, /* not sent */
    QL_REQUEST_SENT,    /* on a stream, no final response yet, or not all of it */
    QL_REQUEST_ENDED,   /* all of the response has come, but not all of it is written */
    QL_REQUEST_DONE,    /* the response is whole, whatever its status, and written */
    QL_REQUEST_FAILED,  /* ql_request_failure says why */
} ql_request_state;

typedef struct ql_request_settings {
    const char *method;   /* NULL: GET */
    char *const *headers; /* "Name: value", "Name:" (leave it out), "Name;" (empty); NULL: none */
    const char *content_type; /* where headers have no Content-Type; NULL: none */
    bool fail;                /* a status of 400 or more fails it, and no content is written */
    bool include;             /* the output gets the response's header section, too */
    bool digest;              /* compute ql_request_sha256 */
} ql_request_settings;

typedef struct ql_request ql_request;

/* Takes url, body (NULL: none) and output, also on failure. NULL and error if method or headers
 * break a rule. Fields of a connection (RFC 9114, 4.2) are left out, as HTTP/3 has none; Host
 * becomes
 * ":authority". */
ql_request *ql_request_new(ql_url *url, const ql_request_settings *settings, ql_body *body,
                           ql_output *output, GError **error);
void ql_request_free(ql_request *request); /* NULL is a no-op */

/* The request. */
const ql_url *ql_request_url(const ql_request *request);
const char *ql_request_method(const ql_request *request);
ql_body *ql_request_body(const ql_request *request); /* NULL: none */

/* All fields in the order in which they are sent, pseudo-header fields first. */
const ql_field *ql_request_fields(const ql_request *request, size_t *count);

/* The response, as far as it has come. */
ql_request_state ql_request_get_state(const ql_request *request);
bool ql_request_is_over(const ql_request *request);      /* done or failed */
int ql_request_status(const ql_request *request);        /* final status; 0: none yet */
uint64_t ql_request_received(const ql_request *request); /* bytes of content */
int64_t ql_request_expected(const ql_request *request);  /* by Content-Length; -1 unknown */
const ql_field *ql_request_response_fields(const ql_request *request, size_t *count);
const char *ql_request_failure(const ql_request *request); /* a sentence; NULL */
char *ql_request_sha256(const ql_request *request);        /* of the content, in hex; g_free */
int64_t ql_request_get_stream(const ql_request *request);  /* on which stream; -1: none yet */
uint64_t ql_request_uploaded(const ql_request *request);   /* bytes of content handed out */

/* Whether it failed at its output or its body, so that the sentence needs no URL. */
bool ql_request_failed_locally(const ql_request *request);

/* Is called once, when the request is over. user is borrowed. */
typedef void (*ql_request_observer)(ql_request *request, void *user);
void ql_request_set_observer(ql_request *request, ql_request_observer observer, void *user);

/* What the connection reports. */
void ql_request_on_sent(ql_request *request, int64_t stream, ql_trace *trace);
void ql_request_on_uploaded(ql_request *request, size_t length);

/* One field of the section that is coming: header of an informational or of the final response, or
 * trailer. False if the section becomes larger than is reasonable (256 KB). */
bool ql_request_on_field(ql_request *request, const char *name, size_t name_length,
                         const char *value, size_t value_length);
void ql_request_on_fields_end(ql_request *request, bool trailers, ql_trace *trace);

/* Content. What the output cannot take fails the request. */
void ql_request_on_data(ql_request *request, const uint8_t *data, size_t length);
void ql_request_on_end(ql_request *request);

/* Writes on what waits; the request may become done or failed. */
void ql_request_flush(ql_request *request);
size_t ql_request_pending(const ql_request *request); /* bytes that wait to be written */
int ql_request_output_fd(const ql_request *request);  /* as ql_output_fd */

/* Ends it; does nothing if it is over. The sentence names no URL. The second form is for what this
 * side cannot read. */
void ql_request_fail(ql_request *request, const char *sentence);
void ql_request_fail_locally(ql_request *request, const char *sentence);

/* Back to waiting, for another connection. False if that would repeat what cannot be repeated: a
 * body that has been read, a response that has begun, or more than three attempts. */
bool ql_request_restart(ql_request *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_request, ql_request_free)
