/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_COLUMNS 10u
#define ERASE_LINE  "\r\x1b[K" /* ECMA-48: erase to the end of the line */

struct ql_progress {
    int fd;
    bool drawn;
};

ql_progress *ql_progress_new(int fd)
{
    ql_progress *progress = g_new0(ql_progress, 1);
    progress->fd = fd;
    return progress;
}

void ql_progress_free(ql_progress *progress)
{
    g_free(progress);
}

static char *bytes_to_string(double bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1000;
        unit++;
    }
    return g_strdup_printf(unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

/* "[====>   ]  45 %  " */
static void append_bar(GString *line, double part)
{
    unsigned filled = (unsigned)(part * BAR_COLUMNS);
    g_string_append_c(line, '[');
    for (unsigned i = 0; i < BAR_COLUMNS; i++)
        g_string_append_c(line, i < filled ? '=' : i == filled ? '>' : ' ');
    g_string_append_printf(line, "] %3.0f %%  ", 100 * part);
}

char *ql_progress_to_string(const ql_progress_figures *figures)
{
    GString *line = g_string_new(NULL);
    double rate = figures->seconds > 0 ? (double)figures->received / figures->seconds : 0;
    g_autofree char *received = bytes_to_string((double)figures->received);
    g_autofree char *per_second = bytes_to_string(rate);
    if (figures->requests > 1)
        g_string_append_printf(line, "%u/%u requests", figures->over, figures->requests);
    if (figures->requests > 1 && figures->failed > 0)
        g_string_append_printf(line, ", %u failed", figures->failed);
    if (figures->requests > 1)
        g_string_append(line, "  ");
    if (figures->expected > 0) {
        g_autofree char *expected = bytes_to_string((double)figures->expected);
        double part = MIN(1.0, (double)figures->received / (double)figures->expected);
        append_bar(line, part);
        g_string_append_printf(line, "%s of %s", received, expected);
    } else {
        g_string_append(line, received);
    }
    if (figures->sent > 0) {
        g_autofree char *sent = bytes_to_string((double)figures->sent);
        g_string_append_printf(line, "  %s sent", sent);
    }
    g_string_append_printf(line, "  %s/s", per_second);
    if (rate > 0 && figures->expected > (int64_t)figures->received)
        g_string_append_printf(line, "  %.0f s left",
                               (double)(figures->expected - (int64_t)figures->received) / rate);
    return g_string_free(line, FALSE);
}

/* Whether the line can be seen does not matter for the transfer. */
static void put(const ql_progress *progress, const char *text)
{
    ssize_t ignored G_GNUC_UNUSED = write(progress->fd, text, strlen(text));
}

void ql_progress_draw(ql_progress *progress, const ql_progress_figures *figures)
{
    if (progress == NULL)
        return;
    g_autofree char *line = ql_progress_to_string(figures);
    struct winsize size; /* a line that is broken could not be drawn over */
    if (ioctl(progress->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
        strlen(line) >= size.ws_col)
        line[size.ws_col - 1] = '\0';
    g_autofree char *text = g_strconcat(ERASE_LINE, line, NULL);
    put(progress, text);
    progress->drawn = true;
}

void ql_progress_erase(ql_progress *progress)
{
    if (progress == NULL || !progress->drawn)
        return;
    put(progress, ERASE_LINE);
    progress->drawn = false;
}
