/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A config file, and its words as the options of quiclens get. No word may name a file. */
#include "config_file.h"
#include "get_options.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    take_away_standard_files();
    char *text = g_strndup((const char *)data, size);
    char **words = ql_config_file_parse(text, NULL);
    if (words != NULL) {
        GPtrArray *list = g_ptr_array_new();
        g_ptr_array_add(list, (char[]){ "get" });
        for (char **word = words; *word != NULL; word++)
            if (strchr(*word, '/') == NULL && strpbrk(*word, "@K") == NULL &&
                strstr(*word, "config") == NULL)
                g_ptr_array_add(list, *word);
        guint count = list->len;
        g_ptr_array_add(list, NULL);
        ql_get_options options;
        ql_get_options_parse(&options, (int)count, (char **)list->pdata, NULL);
        ql_get_options_clear(&options);
        g_ptr_array_unref(list);
    }
    g_strfreev(words);
    g_free(text);
    return 0;
}
