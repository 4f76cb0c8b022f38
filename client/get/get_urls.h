/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what people gave quiclens get as URLs to the URLs that are asked for: patterns (glob.h)
 * stand for many, and options add to path and query. They are made one by one, so that many cost no
 * memory. */
#pragma once

#include "get_options.h"
#include "url.h"

#include <glib.h>
#include <stdbool.h>

typedef struct ql_get_url {
    ql_url *url;
    guint given; /* which of those given it comes from, as -o and -T are counted */
    bool first;  /* of those that come from it */
    char *file;  /* what the -o for it names, "-" for standard output; "" stands for -O, NULL:
                    no -o */
} ql_get_url;

void ql_get_url_clear(ql_get_url *url);

typedef struct ql_get_urls ql_get_urls;

/* options is borrowed. NULL and error if a file of the query cannot be read. */
ql_get_urls *ql_get_urls_new(const ql_get_options *options, GError **error);
void ql_get_urls_free(ql_get_urls *urls); /* NULL is a no-op */

/* The next one, which belongs to the caller. False without error behind the last; false and error
 * if it is no URL. */
bool ql_get_urls_next(ql_get_urls *urls, ql_get_url *next, GError **error);

/* Back to before the first. */
void ql_get_urls_rewind(ql_get_urls *urls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_get_urls, ql_get_urls_free)
