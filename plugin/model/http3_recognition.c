/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_recognition.h"

#include "model/http3_frames.h"
#include "model/qpack.h"

#define CONTROL_STREAM 0x00 /* the type of the stream: RFC 9114, 6.2.1 */

/* A control stream that begins with whole SETTINGS. */
static bool is_control_start(ql_reader *reader)
{
    if (ql_read_varint(reader) != CONTROL_STREAM || ql_read_varint(reader) != QL_HTTP3_SETTINGS)
        return false;
    ql_slice payload = ql_read_slice_varint(reader);
    ql_reader settings = ql_reader_of(payload);
    while (ql_reader_left(&settings) > 0) {
        ql_read_varint(&settings);
        ql_read_varint(&settings);
    }
    return !reader->bad && !settings.bad;
}

/* HEADERS, or of the server the promise that may stand ahead of them (RFC 9114, 4.1). */
static bool is_message_start(ql_reader *reader, ql_side sender)
{
    uint64_t type = ql_read_varint(reader);
    bool promise = type == QL_HTTP3_PUSH_PROMISE && sender == QL_SERVER;
    if (type != QL_HTTP3_HEADERS && !promise)
        return false;
    ql_reader payload = ql_reader_of(ql_read_slice_varint(reader));
    if (promise)
        ql_read_varint(&payload); /* its push ID */
    ql_slice encoded = ql_read_rest(&payload);
    ql_field_lines *fields = reader->bad || payload.bad ? NULL : ql_qpack_decode_static(encoded);
    if (fields == NULL)
        return false;
    const ql_section section = { .fields = fields };
    const char *mark = sender == QL_CLIENT || promise ? ":method" : ":status";
    bool found = ql_section_value(&section, mark) != NULL;
    g_free(fields);
    return found;
}

bool ql_http3_is_recognized(uint64_t stream_id, ql_side sender, ql_slice first_bytes)
{
    ql_reader reader = ql_reader_of(first_bytes);
    bool is_unidirectional = (stream_id & 2) != 0, is_begun_by_client = (stream_id & 1) == 0;
    if (is_unidirectional)
        return is_control_start(&reader);
    return is_begun_by_client && is_message_start(&reader, sender);
}
