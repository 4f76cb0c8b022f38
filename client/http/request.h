/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request and its response (RFC 9114, 4): what is to be sent, what has come, and where it goes.
 * It knows HTTP, but neither streams nor connections. */
#pragma once

#include "body.h"
#include "fields.h"
#include "output.h"
#include "response.h"
#include "trace.h"
#include "url.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_REQUEST_ERROR (ql_request_error_quark())
GQuark ql_request_error_quark(void); /* code 0: the request cannot be made like this */

typedef enum ql_request_state {
    QL_REQUEST_WAITING, /* not sent */
    QL_REQUEST_SENT,    /* on a stream, no final response yet, or not all of it */
    QL_REQUEST_ENDED,   /* nothing more will come, but not all that came is written */
    QL_REQUEST_DONE,    /* the response is whole, whatever its status, and written */
    QL_REQUEST_FAILED,  /* ql_request_failure says why */
} ql_request_state;

/* All strings are borrowed and must outlive the request and those that follow on it. */
typedef struct ql_request_settings {
    const char *method;   /* NULL: GET */
    char *const *headers; /* "Name: value", "Name:" (leave it out), "Name;" (empty); NULL: none */

    /* Fields that are sent where headers have none of the name; NULL: none. */
    const char *content_type, *accept, *accept_encoding, *user_agent, *referer, *cookie, *range;
    const char *priority;       /* RFC 9218, 5 */
    const char *later_priority; /* what it becomes on the way (RFC 9218, 7). NULL: it stays */
    const char *user;           /* "name:password" for Basic authentication (RFC 7617) */
    const char *bearer;         /* the token of Bearer authentication (RFC 6750); not with user */
    const char *protocol; /* NULL; "websocket": the method is CONNECT (RFC 9220), the content is
                             lines that are sent as messages, and messages are written as lines */

    char *const *datagrams; /* sent on its stream once that is open (RFC 9297, 2.1): it is done when
                               as many have come, which are written as lines. NULL: none */

    bool fail;            /* a status of 400 or more fails it, and no content is written ... */
    bool fail_with_body;  /* ... or it is */
    bool include;         /* the output gets header sections and trailers, too */
    bool decode;          /* content codings are undone */
    bool digest;          /* compute ql_request_sha256 */
    bool remove_on_error; /* the output's file, if it fails */
    uint64_t max_size;    /* more content than so many bytes fails it; 0: any */
    uint64_t resume;      /* the output has so many bytes: asks for what follows (RFC 9110, 14.2) */

    /* What may follow on it (follow_up.h). */
    bool follow;              /* where a redirection leads */
    bool follow_with_secrets; /* to another host with Authorization and Cookie, too */
    unsigned redirects_left;
    unsigned retries_left;
    ngtcp2_duration retry_delay; /* 0: a second, then twice as long each time */

    /* What redirections and failed attempts left behind; false and 0 at first. */
    unsigned redirects, retries; /* how many there were */
    ngtcp2_tstamp first_begin;   /* of the first of them */
    bool without_content;        /* what describes content is not sent either */
    bool without_secrets;        /* Authorization and Cookie are not sent */
    ngtcp2_duration next_delay;
} ql_request_settings;

/* When what happened, on the clock of ql_clock_now; 0: it has not. */
typedef struct ql_request_times {
    ngtcp2_tstamp begin;    /* it was made known to the transfer */
    ngtcp2_tstamp sent;     /* its header section went to HTTP/3 */
    ngtcp2_tstamp response; /* the first section of a response was whole */
    ngtcp2_tstamp end;      /* the last byte came, or it failed */
} ql_request_times;

typedef struct ql_request ql_request;

/* Takes url, body (NULL: none) and output, also on failure. NULL and error if method or headers
 * break a rule. Fields of a connection (RFC 9114, 4.2) are left out, as HTTP/3 has none; Host
 * becomes
 * ":authority". */
ql_request *ql_request_new(ql_url *url, const ql_request_settings *settings, ql_body *body,
                           ql_output *output, GError **error);
ql_request *ql_request_ref(ql_request *request);
void ql_request_free(ql_request *request); /* gives one reference up; NULL is a no-op */

/* The request. */
const ql_url *ql_request_url(const ql_request *request);
const char *ql_request_method(const ql_request *request);
ql_body *ql_request_body(const ql_request *request); /* NULL: none */
const ql_request_settings *ql_request_get_settings(const ql_request *request);

/* All fields in the order in which they are sent, pseudo-header fields first. */
const ql_field *ql_request_fields(const ql_request *request, size_t *count);

/* The response, as far as it has come. */
ql_request_state ql_request_get_state(const ql_request *request);
bool ql_request_is_over(const ql_request *request); /* done or failed */
const ql_response *ql_request_get_response(const ql_request *request);
int ql_request_status(const ql_request *request);          /* final status; 0: none yet */
uint64_t ql_request_received(const ql_request *request);   /* bytes of content, as they came */
int64_t ql_request_expected(const ql_request *request);    /* by Content-Length; -1 unknown */
const char *ql_request_failure(const ql_request *request); /* a sentence; NULL */
char *ql_request_sha256(const ql_request *request); /* of the content as written, in hex; g_free */
int64_t ql_request_get_stream(const ql_request *request); /* on which stream; -1: none yet */
const char *ql_request_file(const ql_request *request);   /* as ql_output_path */
uint64_t ql_request_uploaded(const ql_request *request);  /* bytes of content handed out */
ql_request_times ql_request_get_times(const ql_request *request);

/* Whether it failed at its output or its body, so that the sentence needs no URL. */
bool ql_request_failed_locally(const ql_request *request);

/* Is called when the request has ended, and again when it is over. user is borrowed. */
typedef void (*ql_request_observer)(ql_request *request, void *user);
void ql_request_set_observer(ql_request *request, ql_request_observer observer, void *user);

/* Another request follows on this one, which then is over without that its output is closed
 * (follow_up.h). */
bool ql_request_is_followed(const ql_request *request);

/* For what follows: where the redirection leads (NULL: it is the same again), and the output. Both
 * belong to the caller from then on. */
ql_url *ql_request_take_redirection(ql_request *request);
ql_output *ql_request_take_output(ql_request *request);

/* Where its header sections and trailers go, besides; output is taken. */
void ql_request_set_sections(ql_request *request, ql_output *output);

/* A text that comes behind the response in its output's place, such as that of -w: reporter makes
 * it when all else is written (to be freed by g_free; NULL: none); output is taken. */
typedef char *(*ql_request_reporter)(const ql_request *request, void *user);
void ql_request_set_report(ql_request *request, ql_output *output, ql_request_reporter reporter,
                           void *user);

/* What was set by these two, for what follows. */
void ql_request_pass_outputs(ql_request *from, ql_request *to);

/* The transfer knows of it. */
void ql_request_begin(ql_request *request);

/* What the connection reports. */
void ql_request_on_sent(ql_request *request, int64_t stream, ql_trace *trace);
void ql_request_on_uploaded(ql_request *request, size_t length);

/* As ql_response_add_field. */
bool ql_request_on_field(ql_request *request, const char *name, size_t name_length,
                         const char *value, size_t value_length);
void ql_request_on_fields_end(ql_request *request, bool trailers, ql_trace *trace);

/* For a protocol whose responses have no header section: content may come. */
void ql_request_on_bare_response(ql_request *request);

/* Content. What the output cannot take fails the request. */
void ql_request_on_data(ql_request *request, const uint8_t *data, size_t length);
void ql_request_on_end(ql_request *request);

/* The payload of an HTTP Datagram of its stream. */
void ql_request_on_datagram(ql_request *request, const uint8_t *data, size_t length);

/* Writes on what waits; the request may become done or failed. */
void ql_request_flush(ql_request *request);
size_t ql_request_pending(const ql_request *request); /* bytes that wait to be written */
int ql_request_output_fd(const ql_request *request);  /* as ql_output_fd */

/* Nothing more will come; does nothing if that is known. What has come is still written. The
 * sentence names no URL. The second form is for what this side cannot read or write, the third for
 * what another attempt cannot change. */
void ql_request_fail(ql_request *request, const char *sentence);
void ql_request_fail_locally(ql_request *request, const char *sentence);
void ql_request_fail_for_good(ql_request *request, const char *sentence);

/* Ends it now, whatever is not written, and without anything that follows. */
void ql_request_give_up(ql_request *request, const char *sentence);

/* Back to waiting, for another connection. False if that would repeat what cannot be repeated: a
 * body that has been read, a response that has begun, or more than three attempts. */
bool ql_request_restart(ql_request *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_request, ql_request_free)
