/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on a terminal that says how far the transfer is. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ql_progress ql_progress;

/* How far it is. A plain value. */
typedef struct ql_progress_figures {
    unsigned requests, over; /* over: done and failed */
    unsigned failed;
    uint64_t received, sent; /* bytes of content */
    int64_t expected;        /* to be received in all; -1: unknown */
    double seconds;          /* since the beginning */
} ql_progress_figures;

/* fd is borrowed. */
ql_progress *ql_progress_new(int fd);
void ql_progress_free(ql_progress *progress); /* NULL is a no-op */

/* Draws the line anew, over the one before. Does nothing if progress is NULL. */
void ql_progress_draw(ql_progress *progress, const ql_progress_figures *figures);

/* Takes the line away, for something else to be printed there, or for good. */
void ql_progress_erase(ql_progress *progress);

/* "2/6 requests  [====>     ]  45 %  12.3 MB of 27.1 MB  4.5 MB/s  3 s left"; one request is not
 * counted, and where the size is not known there is no bar. To be freed by g_free. */
char *ql_progress_to_string(const ql_progress_figures *figures);
