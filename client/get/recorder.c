/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recorder.h"

#include "dumpcap.h"

struct ql_recorder {
    ql_self_capture *own; /* this, */
    ql_dumpcap *dumpcap;  /* or this */
};

static ql_dumpcap *start_dumpcap(const ql_capture_options *options, const char *comment,
                                 const GArray *addresses, GError **error)
{
    g_autofree char *filter = ql_dumpcap_filter(addresses);
    const ql_dumpcap_plan plan = {
        .interface = options->dumpcap,
        .path = options->capture,
        .filter = filter != NULL ? filter : "udp",
        .comment = comment,
    };
    return ql_dumpcap_new(&plan, error);
}

ql_recorder *ql_recorder_new(const ql_capture_options *options, const char *comment,
                             const GArray *addresses, GError **error)
{
    ql_recorder *recorder = g_new0(ql_recorder, 1);
    if (options->dumpcap != NULL)
        recorder->dumpcap = start_dumpcap(options, comment, addresses, error);
    else
        recorder->own = ql_self_capture_new_commented(options->capture, comment, error);
    if (recorder->dumpcap == NULL && recorder->own == NULL)
        g_clear_pointer(&recorder, g_free);
    else if (recorder->own != NULL)
        ql_self_capture_flush(recorder->own);
    return recorder;
}

void ql_recorder_on_secret(const char *line, void *recorder)
{
    const ql_recorder *r = recorder;
    if (r->own != NULL)
        ql_self_capture_secret(r->own, line);
    else
        ql_dumpcap_secret(r->dumpcap, line);
}

ql_self_capture *ql_recorder_self_capture(const ql_recorder *recorder)
{
    return recorder == NULL ? NULL : recorder->own;
}

bool ql_recorder_close(ql_recorder *recorder, GError **error)
{
    if (recorder == NULL)
        return true;
    bool own = ql_self_capture_close(recorder->own, error);
    bool other = ql_dumpcap_close(recorder->dumpcap, error);
    g_free(recorder);
    return own && other;
}
