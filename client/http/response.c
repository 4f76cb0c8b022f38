/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "response.h"

#include "model/content_coding.h"

#include <inttypes.h>
#include <string.h>

#define SECTION_BYTES  262144u
#define DECODED_BYTES  16384u  /* at a time */
#define BYTES_IN_QUEUE 262144u /* decoding waits while the output has so many to write */

G_DEFINE_QUARK(ql_response_error, ql_response_error)

struct ql_response {
    ql_response_settings settings;
    ql_output *output;
    ql_fields *section; /* that is coming, or came last */
    bool section_is_whole, section_is_trailers;
    ql_fields *header, *trailers;
    int status;
    uint64_t received, header_bytes;
    bool discarded;
    ql_content_decoder *decoder; /* NULL: content is written as it comes */
    GQueue undecoded;            /* GBytes; the decoder has the first */
    size_t undecoded_bytes;
    GChecksum *digest;
};

ql_response *ql_response_new(const ql_response_settings *settings, ql_output *output)
{
    ql_response *response = g_new0(ql_response, 1);
    response->settings = *settings;
    response->output = output;
    response->section = ql_fields_new();
    response->header = ql_fields_new();
    response->trailers = ql_fields_new();
    response->digest = settings->digest ? g_checksum_new(G_CHECKSUM_SHA256) : NULL;
    g_queue_init(&response->undecoded);
    return response;
}

void ql_response_free(ql_response *response)
{
    if (response == NULL)
        return;
    ql_fields_free(response->section);
    ql_fields_free(response->header);
    ql_fields_free(response->trailers);
    ql_content_decoder_free(response->decoder);
    g_queue_clear_full(&response->undecoded, (GDestroyNotify)g_bytes_unref);
    if (response->digest != NULL)
        g_checksum_free(response->digest);
    g_free(response);
}

void ql_response_reset(ql_response *response)
{
    ql_fields_clear(response->section);
    response->section_is_whole = false;
}

bool ql_response_add_field(ql_response *response, const char *name, size_t name_length,
                           const char *value, size_t value_length)
{
    if (response->section_is_whole)
        ql_response_reset(response);
    ql_fields_add_bytes(response->section, name, name_length, value, value_length);
    return ql_fields_size(response->section) <= SECTION_BYTES;
}

char *ql_response_section_text(const ql_response *response)
{
    size_t count;
    const ql_field *fields = ql_fields_list(response->section, &count);
    GString *text = g_string_new(NULL);
    if (!response->section_is_trailers)
        g_string_append_printf(text, "HTTP/3 %s\r\n", ql_fields_get(response->section, ":status"));
    for (size_t i = 0; i < count; i++)
        if (fields[i].name[0] != ':')
            g_string_append_printf(text, "%s: %s\r\n", fields[i].name, fields[i].value);
    g_string_append(text, "\r\n");
    return g_string_free(text, FALSE);
}

static void trace_section(const ql_response *response, int64_t stream, ql_trace *trace)
{
    if (trace == NULL)
        return;
    g_autofree char *text = ql_response_section_text(response);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    ql_trace_note(trace, "stream %" PRId64 ":%s", stream,
                  response->section_is_trailers ? " trailers" : "");
    for (char **line = lines; line[0] != NULL && line[1] != NULL; line++)
        ql_trace_line(trace, '<', *line);
}

static void copy_section(const ql_response *response, ql_fields *to)
{
    size_t count;
    const ql_field *fields = ql_fields_list(response->section, &count);
    for (size_t i = 0; i < count; i++)
        ql_fields_add(to, fields[i].name, fields[i].value);
}

static void begin_decoding(ql_response *response)
{
    g_autofree char *codings = ql_fields_join(response->header, "content-encoding");
    if (!response->settings.decode || codings == NULL)
        return;
    response->decoder = ql_content_decoder_new(codings, UINT64_MAX);
    if (!ql_content_decoder_has_codings(response->decoder))
        g_clear_pointer(&response->decoder, ql_content_decoder_free);
}

int ql_response_end_section(ql_response *response, bool trailers, int64_t stream, ql_trace *trace)
{
    guint64 status = 0;
    if (response->section_is_whole) /* an empty section follows on another */
        ql_response_reset(response);
    response->section_is_whole = true;
    response->section_is_trailers = trailers;
    response->header_bytes += ql_fields_size(response->section);
    trace_section(response, stream, trace);
    if (trailers) {
        copy_section(response, response->trailers);
        return 0;
    }
    const char *digits = ql_fields_get(response->section, ":status");
    if (digits == NULL || !g_ascii_string_to_unsigned(digits, 10, 200, 999, &status, NULL))
        return 0;
    copy_section(response, response->header);
    response->status = (int)status;
    begin_decoding(response);
    return response->status;
}

bool ql_response_open(ql_response *response, GError **error)
{
    return response->discarded || ql_output_open(response->output, error);
}

void ql_response_discard(ql_response *response)
{
    response->discarded = true;
    g_queue_clear_full(&response->undecoded, (GDestroyNotify)g_bytes_unref);
    response->undecoded_bytes = 0;
}

bool ql_response_write_section(ql_response *response, GError **error)
{
    if (!response->settings.include || response->discarded)
        return true;
    g_autofree char *text = ql_response_section_text(response);
    return ql_output_open(response->output, error) &&
           ql_output_write(response->output, text, strlen(text), error);
}

static bool write_content(ql_response *response, const uint8_t *data, size_t length, GError **error)
{
    if (response->digest != NULL)
        g_checksum_update(response->digest, data, (gssize)length);
    return ql_output_write(response->output, data, length, error);
}

static bool has_room(const ql_response *response)
{
    return ql_output_pending(response->output) < BYTES_IN_QUEUE;
}

/* The first of the queue was given to the decoder; it may have been in the middle of it. */
static bool decode(ql_response *response, GError **error)
{
    uint8_t decoded[DECODED_BYTES];
    while (!g_queue_is_empty(&response->undecoded) && has_room(response)) {
        size_t got = ql_content_decoder_take(response->decoder, decoded, sizeof decoded);
        if (got > 0) {
            if (!write_content(response, decoded, got, error))
                return false;
            continue;
        }
        GBytes *done = g_queue_pop_head(&response->undecoded);
        response->undecoded_bytes -= g_bytes_get_size(done);
        g_bytes_unref(done);
        GBytes *next = g_queue_peek_head(&response->undecoded);
        if (next != NULL) {
            ql_slice in = { 0 };
            in.data = g_bytes_get_data(next, &in.length);
            ql_content_decoder_give(response->decoder, in);
        }
    }
    if (ql_content_decoder_state(response->decoder) != QL_CONTENT_DAMAGED)
        return true;
    g_set_error(error, QL_RESPONSE_ERROR, 0, "its content is %s: %s",
                ql_content_state_text(QL_CONTENT_DAMAGED),
                ql_fields_get(response->header, "content-encoding"));
    return false;
}

static bool add_coded(ql_response *response, const uint8_t *data, size_t length, GError **error)
{
    GBytes *bytes = g_bytes_new(data, length);
    if (g_queue_is_empty(&response->undecoded))
        ql_content_decoder_give(response->decoder,
                                (ql_slice){ g_bytes_get_data(bytes, NULL), length });
    g_queue_push_tail(&response->undecoded, bytes);
    response->undecoded_bytes += length;
    return decode(response, error);
}

bool ql_response_add_data(ql_response *response, const uint8_t *data, size_t length, GError **error)
{
    response->received += length;
    if (response->discarded || length == 0)
        return true;
    if (response->decoder != NULL ? add_coded(response, data, length, error)
                                  : write_content(response, data, length, error))
        return true;
    ql_response_discard(response);
    return false;
}

bool ql_response_flush(ql_response *response, GError **error)
{
    if (!ql_output_flush(response->output, error)) {
        ql_response_discard(response);
        return false;
    }
    if (response->discarded || g_queue_is_empty(&response->undecoded) || decode(response, error))
        return true;
    ql_response_discard(response);
    return false;
}

size_t ql_response_pending(const ql_response *response)
{
    return ql_output_pending(response->output) + response->undecoded_bytes;
}

static bool is_whole(const ql_response *response, GError **error)
{
    if (response->discarded || response->decoder == NULL || response->received == 0)
        return true;
    ql_content_state state = ql_content_decoder_state(response->decoder);
    if (state == QL_CONTENT_WHOLE || state == QL_CONTENT_UNKNOWN)
        return true;
    g_set_error(error, QL_RESPONSE_ERROR, 0, "its content is %s: %s", ql_content_state_text(state),
                ql_fields_get(response->header, "content-encoding"));
    return false;
}

bool ql_response_close(ql_response *response, GError **error)
{
    g_autoptr(GError) second = NULL;
    bool whole = is_whole(response, error);
    return ql_output_close(response->output, whole ? error : &second) && whole;
}

int ql_response_status(const ql_response *response)
{
    return response->status;
}

uint64_t ql_response_received(const ql_response *response)
{
    return response->received;
}

int64_t ql_response_announced(const ql_response *response)
{
    const char *text = ql_fields_get(response->header, "content-length");
    guint64 length = 0;
    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, INT64_MAX, &length, NULL))
        return -1;
    return response->status == 204 || response->status == 304 ? 0 : (int64_t)length;
}

uint64_t ql_response_header_bytes(const ql_response *response)
{
    return response->header_bytes;
}

const ql_fields *ql_response_header(const ql_response *response)
{
    return response->header;
}

const ql_fields *ql_response_trailers(const ql_response *response)
{
    return response->trailers;
}

char *ql_response_sha256(const ql_response *response)
{
    if (response->digest == NULL)
        return NULL;
    GChecksum *copy = g_checksum_copy(response->digest); /* reading a digest ends it */
    char *text = g_strdup(g_checksum_get_string(copy));
    g_checksum_free(copy);
    return text;
}
