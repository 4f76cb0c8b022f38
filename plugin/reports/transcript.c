/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/transcript.h"

#include "model/content_coding.h"
#include "reports/text.h"

static void clear_part(gpointer part)
{
    g_byte_array_unref(((ql_transcript_part *)part)->bytes);
}

static GArray *new_parts(void)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(ql_transcript_part));
    g_array_set_clear_func(parts, clear_part);
    return parts;
}

/* Takes the bytes. */
static void add_part(GArray *parts, const ql_where *where, ql_side sender, GByteArray *bytes)
{
    ql_transcript_part part = { *where, sender, bytes };
    if (bytes->len > 0)
        g_array_append_val(parts, part);
    else
        g_byte_array_unref(bytes);
}

static GByteArray *bytes_of(GString *text)
{
    gsize length = text->len;
    return g_byte_array_new_take((guint8 *)g_string_free(text, FALSE), length);
}

static void add_section(GArray *parts, ql_side sender, const ql_section *section)
{
    if (section == NULL)
        return;
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < section->fields->count; i++) {
        const ql_field *field = &section->fields->line[i];
        g_string_append_len(text, field->name, (gssize)field->name_length);
        g_string_append(text, ": ");
        g_string_append_len(text, field->value, (gssize)field->value_length);
        g_string_append_c(text, '\n');
    }
    if (section->left_out > 0)
        g_string_append_printf(text, "[%u field%s left out: the QPACK table was not captured]\n",
                               section->left_out, section->left_out == 1 ? " is" : "s are");
    g_string_append_c(text, '\n');
    add_part(parts, &section->first, sender, bytes_of(text));
}

static void add_remark(GArray *parts, const ql_where *where, ql_side sender, const char *remark)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "\n[%s]\n", remark);
    add_part(parts, where, sender, bytes_of(text));
}

/* What is missing of the content, or of what its coding hides. */
static void add_remarks(GArray *parts, ql_side sender, const ql_message *message,
                        ql_content_state state)
{
    uint64_t held = message->body != NULL ? message->body->bytes->len : 0;
    if (held < message->body_size) {
        char *missing = ql_text_bytes(message->body_size - held);
        char *remark = g_strconcat("not kept: ", missing, " of content", NULL);
        add_remark(parts, &message->last, sender, remark);
        g_free(missing);
        g_free(remark);
    } else if (state != QL_CONTENT_WHOLE) {
        char *remark = g_strconcat("the content is ", ql_content_state_text(state), NULL);
        add_remark(parts, &message->last, sender, remark);
        g_free(remark);
    }
}

static void add_content(GArray *parts, ql_side sender, const ql_message *message)
{
    ql_content_decoder *decoder = ql_content_decoder_new(
        ql_section_value(message->headers, "content-encoding"), QL_CONTENT_DECODED_MAX);
    const ql_body *body = message->body;
    const uint8_t *at = body != NULL ? body->bytes->data : NULL;
    for (guint i = 0; body != NULL && i < body->pieces->len; i++) {
        const ql_body_piece *piece = &g_array_index(body->pieces, ql_body_piece, i);
        GByteArray *decoded = g_byte_array_new();
        ql_content_decoder_push(decoder, (ql_slice){ at, piece->length }, decoded);
        add_part(parts, &piece->where, sender, decoded);
        at += piece->length;
    }
    if (message->body_size > 0)
        add_remarks(parts, sender, message, ql_content_decoder_state(decoder));
    ql_content_decoder_free(decoder);
}

/* One direction; its parts are in order. */
static GArray *parts_of(const ql_exchange *exchange, ql_side sender)
{
    GArray *parts = new_parts();
    const ql_message *message = sender == QL_CLIENT ? &exchange->request : &exchange->response;
    unsigned informational = ql_exchange_informational_count(exchange);
    for (unsigned i = 0; sender == QL_SERVER && i < informational; i++)
        add_section(parts, sender, ql_exchange_informational(exchange, i));
    add_section(parts, sender, message->headers);
    add_content(parts, sender, message);
    add_section(parts, sender, message->trailers);
    return parts;
}

GArray *ql_transcript_of(const ql_exchange *exchange)
{
    GArray *requests = parts_of(exchange, QL_CLIENT), *responses = parts_of(exchange, QL_SERVER);
    GArray *all = new_parts();
    guint taken = 0;
    for (guint i = 0; i < requests->len; i++) {
        const ql_transcript_part *request = &g_array_index(requests, ql_transcript_part, i);
        for (; taken < responses->len; taken++) {
            const ql_transcript_part *response =
                &g_array_index(responses, ql_transcript_part, taken);
            if (response->where.frame >= request->where.frame)
                break;
            g_array_append_vals(all, response, 1);
        }
        g_array_append_vals(all, request, 1);
    }
    if (taken < responses->len)
        g_array_append_vals(all, &g_array_index(responses, ql_transcript_part, taken),
                            responses->len - taken);
    /* Their bytes have moved. */
    g_array_set_clear_func(requests, NULL);
    g_array_set_clear_func(responses, NULL);
    g_array_unref(requests);
    g_array_unref(responses);
    return all;
}
