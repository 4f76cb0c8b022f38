/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of quiclens get from a line with a blank between words. */
#pragma once

#include "get_options.h"

#include <glib.h>
#include <string.h>

static inline bool get_line_parse(ql_get_options *options, const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("get ", line, NULL);
    g_auto(GStrv) words = g_strsplit(whole, " ", -1);
    return ql_get_options_parse(options, (int)g_strv_length(words), words, error);
}

static inline void get_line_assert_refused(const char *line, const char *why)
{
    ql_get_options options;
    g_autoptr(GError) error = NULL;
    g_assert_false(get_line_parse(&options, line, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, why));
    ql_get_options_clear(&options);
}
