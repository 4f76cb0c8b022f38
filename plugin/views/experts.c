/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as expert infos, quiclens.expert.<code>: one for each kind of finding, from its table.
 * Events of connection IDs and paths as chats, quiclens.expert.cid.<event> and .path.<event>.
 * Wireshark collects them also while it builds no tree. */
#include "views/experts.h"
#include "views/view.h"

#include "reports/story.h"
#include "reports/text.h"

#include <epan/expert.h>

#include <string.h>

#define CID_EVENTS  (QL_CID_STATELESS_RESET + 1)
#define PATH_EVENTS (QL_PATH_ABANDONED + 1)

static expert_field fields[QL_FINDING_CODE_COUNT];
static expert_field cid_fields[CID_EVENTS], path_fields[PATH_EVENTS];

static int severity_of(ql_severity severity)
{
    switch (severity) {
    case QL_SEVERITY_CHAT: return PI_CHAT;
    case QL_SEVERITY_NOTE: return PI_NOTE;
    case QL_SEVERITY_WARN: return PI_WARN;
    case QL_SEVERITY_ERROR: return PI_ERROR;
    }
    return PI_NOTE;
}

static int group_of(const char *code)
{
    if (g_str_has_prefix(code, "secrets."))
        return PI_DECRYPTION;
    if (g_str_has_suffix(code, "malformed"))
        return PI_MALFORMED;
    return g_str_has_prefix(code, "capture.") ? PI_SEQUENCE : PI_PROTOCOL;
}

/* One kind of event; Wireshark keeps the strings. */
static ei_register_info chat(expert_field *field, const char *of, const char *title,
                             const char *event)
{
    *field = (expert_field)EI_INIT;
    return (ei_register_info){ field,
                               { g_strdup_printf("quiclens.expert.%s.%s", of, event), PI_SEQUENCE,
                                 PI_CHAT, g_strdup_printf("%s %s", title, event), EXPFILL } };
}

static void register_chats(expert_module_t *module)
{
    static ei_register_info infos[CID_EVENTS + PATH_EVENTS];
    for (unsigned i = 0; i < CID_EVENTS; i++)
        infos[i] =
            chat(&cid_fields[i], "cid", "Connection ID", ql_cid_event_name((ql_cid_event_kind)i));
    for (unsigned i = 0; i < PATH_EVENTS; i++)
        infos[CID_EVENTS + i] =
            chat(&path_fields[i], "path", "Path", ql_path_event_name((ql_path_event_kind)i));
    expert_register_field_array(module, infos, CID_EVENTS + PATH_EVENTS);
}

static void register_fields(int protocol)
{
    static ei_register_info infos[QL_FINDING_CODE_COUNT];
    static char *names[QL_FINDING_CODE_COUNT]; /* Wireshark keeps pointers to them */
    for (unsigned i = 0; i < QL_FINDING_CODE_COUNT; i++) {
        const ql_finding_kind *kind = ql_finding_kind_of((ql_finding_code)i);
        names[i] = g_strconcat("quiclens.expert.", kind->code, NULL);
        fields[i] = (expert_field)EI_INIT;
        infos[i] = (ei_register_info){
            &fields[i],
            { names[i], group_of(kind->code), severity_of(kind->severity), kind->summary, EXPFILL },
        };
    }
    expert_module_t *module = expert_register_protocol(protocol);
    expert_register_field_array(module, infos, QL_FINDING_CODE_COUNT);
    register_chats(module);
}

/* The sentence of this event, as if the frame had no other. */
void ql_draw_chat(const ql_drawing *drawing, proto_item *item, const ql_event *event)
{
    ql_event alone = { .kind = event->kind };
    expert_field *field;
    if (event->kind == QL_EVENT_CID) {
        alone.cid = event->cid;
        field = &cid_fields[event->cid.kind];
    } else {
        alone.path = event->path;
        field = &path_fields[event->path.kind];
    }
    GArray *notes = ql_story_of_events(&alone, drawing->frame);
    if (notes->len > 0)
        expert_add_info_format(drawing->pinfo, item, field, "%s",
                               g_array_index(notes, ql_note, 0).text);
    g_array_unref(notes);
}

static void draw(const ql_drawing *drawing)
{
    for (const ql_event *event = drawing->events; event != NULL; event = event->next) {
        if (event->kind != QL_EVENT_FINDING || event->finding == NULL)
            continue;
        char *text = ql_text_safe(event->finding->text, strlen(event->finding->text));
        proto_tree_add_expert_format(drawing->tree, drawing->pinfo, &fields[event->finding->code],
                                     drawing->tvb, 0, 0, "%s", text);
        g_free(text);
    }
}

const ql_view ql_view_experts = { "experts", register_fields, draw, true };
