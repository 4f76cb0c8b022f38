/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header section that a request is sent with (RFC 9114, 4.3.1), made of what people typed. */
#pragma once

#include "request.h"

#include <stdbool.h>

/* Adds all fields to the empty list, pseudo-header fields first. length is that of the content; -1:
 * unknown, or there is none. False and error if method or headers break a rule. */
bool ql_request_fields_build(ql_fields *fields, const ql_url *url,
                             const ql_request_settings *settings, int64_t length, GError **error);

/* Shows them as HTTP/1.1 would have them on the wire. */
void ql_request_fields_trace(const ql_fields *fields, const ql_url *url, int64_t stream,
                             ql_trace *trace);
