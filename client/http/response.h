/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The response to one request, as far as it has come, and its way to an output: content codings are
 * undone where that is asked (RFC 9110, 8.4). What a slow output cannot take yet is kept as it
 * came, so that content which decodes to very much costs no more memory than it has bytes on the
 * wire. */
#pragma once

#include "fields.h"
#include "output.h"
#include "trace.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_RESPONSE_ERROR (ql_response_error_quark())
GQuark ql_response_error_quark(void); /* code 0: the content is damaged; the message says how */

typedef struct ql_response_settings {
    bool include; /* the output gets header sections and trailers, too */
    bool decode;  /* undo the codings of Content-Encoding */
    bool digest;  /* compute ql_response_sha256 */
} ql_response_settings;

typedef struct ql_response ql_response;

/* output is borrowed and outlives the response. */
ql_response *ql_response_new(const ql_response_settings *settings, ql_output *output);
void ql_response_free(ql_response *response); /* NULL is a no-op */

/* Forgets what has come of a section, for the request to be sent again. */
void ql_response_reset(ql_response *response);

/* One field of the section that is coming. False if the section becomes larger than is reasonable
 * (256 KB). */
bool ql_response_add_field(ql_response *response, const char *name, size_t name_length,
                           const char *value, size_t value_length);

/* The section is whole. Returns the status if it is the header section of the final response, else
 * 0; stream is for the trace (NULL: none). */
int ql_response_end_section(ql_response *response, bool trailers, int64_t stream, ql_trace *trace);

/* The section that is coming, or came last, as HTTP/1.1 would have it on the wire; to be freed by
 * g_free. */
char *ql_response_section_text(const ql_response *response);

/* What to do with everything from here on, the last section included; until one of them is called,
 * sections are kept back. False and error if the output cannot be opened. */
bool ql_response_open(ql_response *response, GError **error);
void ql_response_discard(ql_response *response); /* nothing is written any more */

/* Writes the last section where that was asked for. False and error if that fails. */
bool ql_response_write_section(ql_response *response, GError **error);

/* Content. False and error if it cannot be written or decoded; the response is then discarded. */
bool ql_response_add_data(ql_response *response, const uint8_t *data, size_t length,
                          GError **error);

/* Writes on what waits. False and error as above. */
bool ql_response_flush(ql_response *response, GError **error);

/* Bytes that wait to be decoded or written. */
size_t ql_response_pending(const ql_response *response);

/* All of it has come and is written: closes the output. False and error if the content ended within
 * a coding, or the output cannot be closed. */
bool ql_response_close(ql_response *response, GError **error);

int ql_response_status(const ql_response *response);        /* of the final response; 0: none yet */
uint64_t ql_response_received(const ql_response *response); /* bytes of content, as they came */

/* Bytes of content by Content-Length, 0 where the status has none (RFC 9110, 6.4.1); -1 unknown. */
int64_t ql_response_announced(const ql_response *response);
uint64_t ql_response_header_bytes(const ql_response *response);   /* of all sections, as RFC 9114 */
const ql_fields *ql_response_header(const ql_response *response); /* of the final response */
const ql_fields *ql_response_trailers(const ql_response *response); /* empty: none */
char *ql_response_sha256(const ql_response *response); /* of what was written, in hex; g_free */
