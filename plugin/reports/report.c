/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

static const ql_report reports[] = {
    { "requests", "HTTP/3 requests and their responses", ql_report_requests, false },
    { "cids", "Connection IDs and their lives", ql_report_cids, false },
    { "paths", "Paths of the connections", ql_report_paths, false },
    { "connections", "QUIC connections", ql_report_connections, false },
    { "doctor", "What stays closed, and what to do", ql_report_doctor, false },
    { "json", "Everything, one JSON object a line", ql_report_json, true },
};

const ql_report *ql_reports(unsigned *count)
{
    *count = G_N_ELEMENTS(reports);
    return reports;
}

const ql_report *ql_report_find(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(reports); i++)
        if (g_str_equal(reports[i].name, name))
            return &reports[i];
    return NULL;
}
