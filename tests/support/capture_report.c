/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture_report REPORT|events CAPTURE [KEYS]: a report of the plugin's, without Wireshark. */
#include "capture_events.h"
#include "capture_reader.h"
#include "reports/report.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const ql_report *report = argc >= 3 ? ql_report_find(argv[1]) : NULL;
    bool events = argc >= 3 && strcmp(argv[1], "events") == 0;
    if ((report == NULL && !events) || argc > 4) {
        fprintf(stderr, "usage: capture_report REPORT|events CAPTURE [KEYS]\n");
        return 2;
    }
    GError *error = NULL;
    ql_session *session = ql_capture_load(argv[2], argc == 4 ? argv[3] : NULL, &error);
    if (session == NULL) {
        fprintf(stderr, "capture_report: %s\n", error->message);
        g_error_free(error);
        return EXIT_FAILURE;
    }
    if (events)
        capture_write_events(session, stdout);
    else
        report->write(session, stdout);
    ql_session_free(session);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
