/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_error.h"

#include <inttypes.h>
#include <glib.h>

static const struct {
    uint64_t code;
    const char *name;
} names[] = {
    { 0x33, "H3_DATAGRAM_ERROR" },
    { QL_HTTP3_NO_ERROR, "H3_NO_ERROR" },
    { 0x101, "H3_GENERAL_PROTOCOL_ERROR" },
    { 0x102, "H3_INTERNAL_ERROR" },
    { 0x103, "H3_STREAM_CREATION_ERROR" },
    { 0x104, "H3_CLOSED_CRITICAL_STREAM" },
    { 0x105, "H3_FRAME_UNEXPECTED" },
    { 0x106, "H3_FRAME_ERROR" },
    { 0x107, "H3_EXCESSIVE_LOAD" },
    { 0x108, "H3_ID_ERROR" },
    { 0x109, "H3_SETTINGS_ERROR" },
    { 0x10a, "H3_MISSING_SETTINGS" },
    { 0x10b, "H3_REQUEST_REJECTED" },
    { QL_HTTP3_REQUEST_CANCELLED, "H3_REQUEST_CANCELLED" },
    { 0x10d, "H3_REQUEST_INCOMPLETE" },
    { 0x10e, "H3_MESSAGE_ERROR" },
    { 0x10f, "H3_CONNECT_ERROR" },
    { 0x110, "H3_VERSION_FALLBACK" },
    { 0x200, "QPACK_DECOMPRESSION_FAILED" },
    { 0x201, "QPACK_ENCODER_STREAM_ERROR" },
    { 0x202, "QPACK_DECODER_STREAM_ERROR" },
    { 0x170d7b68, "WEBTRANSPORT_SESSION_GONE" },
    { 0x3994bd84, "WEBTRANSPORT_BUFFERED_STREAM_REJECTED" },
};

const char *ql_http3_error_name(uint64_t code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

char *ql_http3_error_text(uint64_t code)
{
    const char *name = ql_http3_error_name(code);
    return name == NULL ? g_strdup_printf("0x%" PRIx64, code)
                        : g_strdup_printf("%s (0x%" PRIx64 ")", name, code);
}
