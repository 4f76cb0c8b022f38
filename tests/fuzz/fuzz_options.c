/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a command line, one a line, as the options of quiclens get or quiclens serve: they are
 * understood, or the sentence that says why not can be shown on any terminal. No word may name a
 * file. */
#include "get_options.h"
#include "serve_options.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Standard input would be waited for, and --help would fill the screen. */
static void take_away_standard_files(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    close(STDIN_FILENO);
    if (freopen("/dev/null", "w", stdout) == NULL)
        g_error("there is no /dev/null");
}

static void check_sentence(GError *error)
{
    if (error == NULL)
        return;
    g_assert(error->message[0] != '\0' && g_utf8_validate(error->message, -1, NULL));
    for (const char *at = error->message; *at != '\0'; at = g_utf8_next_char(at))
        g_assert(*at == '\t' || !g_unichar_iscntrl(g_utf8_get_char(at)));
    g_error_free(error);
}

static void parse_get(int argc, char **argv)
{
    GError *error = NULL;
    ql_get_options options;
    bool good = ql_get_options_parse(&options, argc, argv, &error);
    g_assert(!good || (error == NULL && options.urls->len > 0));
    ql_get_options_clear(&options);
    check_sentence(error);
}

/* Addresses are names at times, and these would be looked up. */
static void parse_serve(int argc, char **argv)
{
    GError *error = NULL;
    ql_serve_options options;
    bool good = ql_serve_options_parse(&options, argc, argv, &error);
    ql_origin_quic_settings quic;
    g_assert(!good || error == NULL);
    if (good && options.preferred == NULL)
        g_assert(ql_serve_options_quic(&options, &quic, NULL) &&
                 ql_quic_settings_cid_length(&quic.common) <= NGTCP2_MAX_CIDLEN);
    ql_serve_options_clear(&options);
    check_sentence(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    take_away_standard_files();
    bool serves = data[0] % 2 != 0;
    char *text = g_strndup((const char *)data + 1, size - 1);
    char **words = g_strsplit(text, "\n", -1);
    GPtrArray *list = g_ptr_array_new();
    g_ptr_array_add(list, serves ? (char[]){ "serve" } : (char[]){ "get" });
    for (char **word = words; *word != NULL; word++)
        if (strpbrk(*word, "/@K") == NULL && strstr(*word, "config") == NULL)
            g_ptr_array_add(list, *word);
    guint count = list->len;
    g_ptr_array_add(list, NULL);
    (serves ? parse_serve : parse_get)((int)count, (char **)list->pdata);
    g_ptr_array_unref(list);
    g_strfreev(words);
    g_free(text);
    return 0;
}
