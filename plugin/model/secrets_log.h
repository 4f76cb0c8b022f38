/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS secrets in the NSS key log format, by client random. Text may come in pieces and more than
 * once. */
#ifndef QL_SECRETS_LOG_H
#define QL_SECRETS_LOG_H

#include "model/datagram.h"
#include "model/slice.h"

#define QL_CLIENT_RANDOM_LENGTH 32
#define QL_SECRET_MAX           48 /* bytes: SHA-384 */
#define QL_SECRETS_SESSIONS_MAX 100000u

/* Which secret of a session. */
typedef enum ql_secret_label {
    QL_SECRET_CLIENT_EARLY,
    QL_SECRET_CLIENT_HANDSHAKE,
    QL_SECRET_SERVER_HANDSHAKE,
    QL_SECRET_CLIENT_TRAFFIC,
    QL_SECRET_SERVER_TRAFFIC,
    QL_SECRET_LABEL_COUNT
} ql_secret_label;

const char *ql_secret_label_name(ql_secret_label label); /* "CLIENT_EARLY_TRAFFIC_SECRET", ... */

/* All secrets known of one session; a label that is not known has length 0. */
typedef struct ql_session_secrets {
    uint8_t client_random[QL_CLIENT_RANDOM_LENGTH];
    struct {
        uint8_t bytes[QL_SECRET_MAX];
        uint8_t length;
    } secrets[QL_SECRET_LABEL_COUNT];
} ql_session_secrets;

typedef struct ql_secrets_log ql_secrets_log;

ql_secrets_log *ql_secrets_log_new(void);
void ql_secrets_log_free(ql_secrets_log *log);

/* Reads lines. A last line without its end is used as it is and may be handed in again. Comments,
 * labels of other protocols and repeats are passed over; lines that break the format, or contradict
 * an earlier one, are counted and change nothing.
 * Gives the number of secrets that were new. */
unsigned ql_secrets_log_add(ql_secrets_log *log, ql_slice text);

/* Rises with each new secret: whoever waits compares. */
uint64_t ql_secrets_log_generation(const ql_secrets_log *log);

/* NULL when nothing is known of this session. Valid until the log is freed; more labels may come
 * in. */
const ql_session_secrets *ql_secrets_log_find(const ql_secrets_log *log,
                                              const uint8_t client_random[QL_CLIENT_RANDOM_LENGTH]);

/* In order of arrival, 0 <= index < count. */
unsigned ql_secrets_log_count(const ql_secrets_log *log);
const ql_session_secrets *ql_secrets_log_at(const ql_secrets_log *log, unsigned index);

/* Lines that looked like secrets and were not: wrong hex, wrong length, another value than before;
 * or beyond the cap. A line without its end is never among them. */
unsigned ql_secrets_log_bad_lines(const ql_secrets_log *log);

#endif
