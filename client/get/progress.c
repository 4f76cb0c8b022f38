/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_COLUMNS  10u
#define NAME_COLUMNS 28
#define ERASE_LINE   "\r\x1b[K" /* ECMA-48: erase to the end of the line */
#define LINE_UP      "\x1b[A"

struct ql_progress {
    int fd;
    unsigned drawn; /* lines */
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

char *ql_progress_response_to_string(const ql_progress_response *response)
{
    g_autofree char *shown = ql_text_escape(response->name);
    glong length = g_utf8_strlen(shown, -1), cut = MAX(length - NAME_COLUMNS, 0);
    g_autofree char *received = bytes_to_string((double)response->received);
    GString *line = g_string_new(g_utf8_offset_to_pointer(shown, cut));
    for (glong column = length - cut; column < NAME_COLUMNS + 2; column++)
        g_string_append_c(line, ' ');
    if (response->expected > 0) {
        g_autofree char *expected = bytes_to_string((double)response->expected);
        append_bar(line, MIN(1.0, (double)response->received / (double)response->expected));
        g_string_append_printf(line, "%s of %s", received, expected);
    } else {
        g_string_append(line, received);
    }
    return g_string_free(line, FALSE);
}

/* Whether the line can be seen does not matter for the transfer. */
static void put(const ql_progress *progress, const char *text)
{
    ssize_t ignored G_GNUC_UNUSED = write(progress->fd, text, strlen(text));
}

/* What erases the lines that are drawn, from the last one up. */
static GString *begin_drawing(const ql_progress *progress)
{
    GString *text = g_string_new(ERASE_LINE);
    for (unsigned i = 1; i < progress->drawn; i++)
        g_string_append(text, LINE_UP ERASE_LINE);
    return text;
}

/* Takes the line. One that the terminal breaks could not be drawn over. */
static void append_line(GString *text, char *line, unsigned columns)
{
    glong length = g_utf8_strlen(line, -1);
    g_autofree char *cut =
        g_utf8_substring(line, 0, columns > 1 ? MIN(length, (glong)columns - 1) : length);
    g_string_append(text, cut);
    g_free(line);
}

void ql_progress_draw(ql_progress *progress, const ql_progress_figures *figures)
{
    if (progress == NULL)
        return;
    struct winsize size = { 0 };
    if (ioctl(progress->fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        size = (struct winsize){ .ws_row = QL_PROGRESS_LINES_MAX + 1 };
    GString *text = begin_drawing(progress);
    unsigned lines = MIN(figures->response_count, size.ws_row - 1u);
    for (unsigned i = 0; i < lines; i++) {
        append_line(text, ql_progress_response_to_string(&figures->responses[i]), size.ws_col);
        g_string_append_c(text, '\n');
    }
    append_line(text, ql_progress_to_string(figures), size.ws_col);
    put(progress, text->str);
    g_string_free(text, TRUE);
    progress->drawn = lines + 1;
}

void ql_progress_erase(ql_progress *progress)
{
    if (progress == NULL || progress->drawn == 0)
        return;
    GString *text = begin_drawing(progress);
    put(progress, text->str);
    g_string_free(text, TRUE);
    progress->drawn = 0;
}
