/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log, whole and then again in two pieces: the second time brings nothing new. */
#include "fuzz.h"
#include "model/secrets_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_secrets_log *log = ql_secrets_log_new();
    ql_slice text = { data, size };

    unsigned fresh = ql_secrets_log_add(log, text);
    g_assert(ql_secrets_log_generation(log) == fresh);
    for (unsigned i = 0; i < ql_secrets_log_count(log); i++) {
        const ql_session_secrets *session = ql_secrets_log_at(log, i);
        g_assert(ql_secrets_log_find(log, session->client_random) == session);
        for (unsigned label = 0; label < QL_SECRET_LABEL_COUNT; label++)
            g_assert(session->secrets[label].length <= QL_SECRET_MAX);
    }
    g_assert(ql_secrets_log_add(log, text) == 0);

    ql_secrets_log_add(log, (ql_slice){ data, size / 2 });
    ql_secrets_log_add(log, (ql_slice){ data + size / 2, size - size / 2 });
    ql_secrets_log_free(log);
    return 0;
}
