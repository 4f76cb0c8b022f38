/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What HTTP/3 does beside requests and responses, as JSON: SETTINGS, streams without an exchange.
 */
#ifndef QL_JSON_HTTP3_H
#define QL_JSON_HTTP3_H

#include "model/stream.h"

#include <wsutil/json_dumper.h>

/* A list of settings of one side in their order; null while they were not seen. */
void ql_json_settings(json_dumper *json, const char *name, const GArray *settings);

/* Streams of WebTransport and of other protocols, those of a type that is not known, pushes without
 * a promise, requests that cannot be read. */
bool ql_json_stream_has_own_line(const ql_stream_facts *stream);
void ql_json_stream(json_dumper *json, const ql_stream_facts *stream);

#endif
