/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what people gave quiclens get as URLs to the URLs that are asked for: patterns (glob.h)
 * stand for many, and options add to path and query. */
#pragma once

#include "get_options.h"
#include "url.h"

#include <glib.h>

typedef struct ql_get_url {
    ql_url *url;
    guint given; /* which of those given it comes from, as -o and -T are counted */
    char *
        file; /* what the -o for it names, "-" for standard output; "" stands for -O, NULL: no -o */
} ql_get_url;

/* ql_get_url in order; to be freed by g_array_unref. NULL and error if one is no URL, or a file of
 * the query cannot be read. */
GArray *ql_get_urls_new(const ql_get_options *options, GError **error);
