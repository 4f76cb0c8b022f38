/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object, each with its rule for what is absent: null. On top of json_dumper. */
#ifndef QL_JSON_LINE_H
#define QL_JSON_LINE_H

#include "model/cid_ledger.h"
#include "model/datagram.h"

#include <wsutil/json_dumper.h>

void ql_json_string(json_dumper *json, const char *name, const char *text); /* NULL: null */
/* Bytes of the wire: made valid UTF-8. */
void ql_json_text(json_dumper *json, const char *name, const char *bytes);
void ql_json_number(json_dumper *json, const char *name, uint64_t value);
void ql_json_number_if(json_dumper *json, const char *name, bool known, uint64_t value);
void ql_json_boolean(json_dumper *json, const char *name, bool value);
void ql_json_frame(json_dumper *json, const char *name, uint32_t frame);   /* 0: null */
void ql_json_seconds(json_dumper *json, const char *name, double seconds); /* negative: null */
void ql_json_hex(json_dumper *json, const char *name, const uint8_t *bytes, size_t length);
void ql_json_endpoint(json_dumper *json, const char *name, const ql_endpoint *endpoint);

#endif
