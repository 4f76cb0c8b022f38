/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on a terminal that say how far the transfer is: one for each of the responses that are
 * coming, where there are several requests, and one for all. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ql_progress ql_progress;

#define QL_PROGRESS_LINES_MAX 8u /* of responses */

/* One response that is coming. */
typedef struct ql_progress_response {
    const char *name; /* borrowed */
    uint64_t received;
    int64_t expected; /* -1: unknown */
} ql_progress_response;

/* How far it is. A plain value. */
typedef struct ql_progress_figures {
    unsigned requests, over; /* over: done and failed */
    unsigned failed;
    uint64_t received, sent;                               /* bytes of content */
    int64_t expected;                                      /* to be received in all; -1: unknown */
    double seconds;                                        /* since the beginning */
    ql_progress_response responses[QL_PROGRESS_LINES_MAX]; /* in the order of their requests */
    unsigned response_count;                               /* of them */
} ql_progress_figures;

/* fd is borrowed. */
ql_progress *ql_progress_new(int fd);
void ql_progress_free(ql_progress *progress); /* NULL is a no-op */

/* Draws the lines anew, over those before. Does nothing if progress is NULL. */
void ql_progress_draw(ql_progress *progress, const ql_progress_figures *figures);

/* Takes the lines away, for something else to be printed there, or for good. */
void ql_progress_erase(ql_progress *progress);

/* "2/6 requests  [====>     ]  45 %  12.3 MB of 27.1 MB  4.5 MB/s  3 s left"; one request is not
 * counted, and where the size is not known there is no bar. To be freed by g_free. */
char *ql_progress_to_string(const ql_progress_figures *figures);

/* "name                  [====>     ]  45 %  12.3 MB of 27.1 MB", without the bar where the size is
 * not known; of a long name the end is shown. To be freed by g_free. */
char *ql_progress_response_to_string(const ql_progress_response *response);
