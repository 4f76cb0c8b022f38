/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Export Objects > quiclens: the bodies of requests and responses, as a browser would save them:
 * with their content codings undone. tshark: --export-objects quiclens,DIR. */
#include "views/tap.h"
#include "views/view.h"

#include "model/content_coding.h"
#include "reports/object_names.h"
#include "reports/text.h"
#include "wireshark/kept_bodies.h"

#include <epan/export_object.h>

#include <string.h>

static int export_tap;
static ql_object_names *names; /* given so far in the list that is being filled */

static void forget_names(void)
{
    ql_object_names_free(names);
    names = NULL;
}

static GByteArray *decoded_body(const ql_message *message, ql_content_state *state)
{
    GByteArray *out = g_byte_array_new();
    ql_content_decoder *decoder = ql_content_decoder_new(
        ql_section_value(message->headers, "content-encoding"), QL_CONTENT_DECODED_MAX);
    if (message->body != NULL)
        ql_content_decoder_push(
            decoder, (ql_slice){ message->body->bytes->data, message->body->bytes->len }, out);
    *state = ql_content_decoder_state(decoder);
    ql_content_decoder_free(decoder);
    return out;
}

/* What a name says about the body. */
static char *mark_of(const ql_message *message, ql_content_state state, bool response)
{
    const char *how = state == QL_CONTENT_UNKNOWN   ? "-coded"
                      : state == QL_CONTENT_DAMAGED ? "-damaged"
                                                    : "";
    if (!ql_message_holds_body(message) || state == QL_CONTENT_TOO_LARGE)
        how = "-incomplete";
    return g_strconcat(response ? "" : "-request", how, NULL);
}

static char *safe(const char *text)
{
    return ql_text_safe(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static void add_body(export_object_list_t *list, const ql_exchange *exchange, bool response)
{
    const ql_message *message = response ? &exchange->response : &exchange->request;
    if (message->body_size == 0)
        return;
    ql_content_state state;
    GByteArray *bytes = decoded_body(message, &state);
    const char *type = ql_section_value(message->headers, "content-type");
    char *mark = mark_of(message, state, response);
    export_object_entry_t *entry = g_new0(export_object_entry_t, 1);
    if (names == NULL)
        names = ql_object_names_new();
    entry->pkt_num = message->last.frame;
    entry->hostname = safe(exchange->authority);
    entry->content_type = safe(type);
    entry->filename = ql_object_names_take(names, exchange->path, mark, type);
    entry->payload_len = bytes->len;
    entry->payload_data = g_byte_array_free(bytes, FALSE);
    list->add_entry(list->gui_data, entry); /* which owns it now */
    g_free(mark);
}

static void add_exchange(void *listener, const void *exchange)
{
    add_body(listener, exchange, false);
    add_body(listener, exchange, true);
}

static bool is_wanted(const void *listener, const ql_exchange *exchange)
{
    (void)listener, (void)exchange;
    return true;
}

static tap_packet_status export_frame(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                      const void *data, tap_flags_t flags)
{
    (void)pinfo, (void)edt, (void)flags;
    ql_tap_exchanges(data, is_wanted, add_exchange, listener);
    return TAP_PACKET_REDRAW;
}

static void register_exporter(int protocol)
{
    export_tap = register_export_object(protocol, export_frame, forget_names);
    ql_kept_bodies_for(export_tap);
    register_cleanup_routine(forget_names);
}

static void queue(const ql_drawing *drawing)
{
    ql_tap_queue(export_tap, drawing);
}

const ql_view ql_view_export_objects = { "export-objects", register_exporter, queue, true };
