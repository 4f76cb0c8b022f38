/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session file of anybody's: what is accepted must come back the same from what it is written as.
 */
#include "session_file.h"

#include <string.h>

/* libFuzzer calls it with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_session_file *first = ql_session_file_parse("fuzz", (const char *)data, size, NULL);
    if (first == NULL)
        return 0;
    g_autofree char *text = ql_session_file_to_text(first);
    ql_session_file *second = ql_session_file_parse("fuzz", text, strlen(text), NULL);
    g_assert_nonnull(second);
    g_autofree char *again = ql_session_file_to_text(second);
    g_assert_cmpstr(text, ==, again);
    ql_session_file_free(first);
    ql_session_file_free(second);
    return 0;
}
