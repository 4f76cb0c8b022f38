/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pattern of URLs, what some of it stands for, and where that leads. */
#include "glob.h"
#include "url.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define URLS_AT_MOST 50u

static void check(const char *text)
{
    ql_url *url = ql_url_new(text, NULL);
    if (url == NULL)
        return;
    g_assert(url->port > 0 && *url->host != '\0' && url->path[0] == '/');
    for (const char *at = url->text; *at != '\0'; at++)
        g_assert(*at > ' ' && *at < 0x7f);
    char *name = ql_url_file_name(url);
    g_assert(*name != '\0' && *name != '.' && strchr(name, '/') == NULL && strlen(name) <= 200);
    ql_url *again = ql_url_new(url->text, NULL);
    g_assert(again != NULL && strcmp(again->text, url->text) == 0);
    ql_url *target = ql_url_resolve(url, text, NULL);
    ql_url_free(target);
    ql_url_free(again);
    ql_url_free(url);
    g_free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = g_strndup((const char *)data, size);
    ql_glob *glob = ql_glob_new(text, NULL);
    size_t count = glob == NULL ? 0 : ql_glob_count(glob);
    g_assert(count <= QL_GLOB_URLS_MAX);
    for (size_t i = 0; i < MIN(count, URLS_AT_MOST); i++) {
        char *url = ql_glob_url(glob, i), *name = ql_glob_name(glob, i, text);
        check(url);
        g_free(url);
        g_free(name);
    }
    check(text);
    ql_glob_free(glob);
    g_free(text);
    return 0;
}
