/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as expert infos, quiclens.expert.<code>: one for each kind of finding, from its table.
 * Wireshark collects them also while it builds no tree. */
#include "views/view.h"

#include "reports/text.h"

#include <epan/expert.h>

#include <string.h>

static expert_field fields[QL_FINDING_CODE_COUNT];

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
    expert_register_field_array(expert_register_protocol(protocol), infos, QL_FINDING_CODE_COUNT);
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
