/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of a request, as values with names: those of curl's -w, and QUIC's own. */
#pragma once

#include "connection_figures.h"
#include "request.h"

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef enum ql_outcome_kind {
    QL_OUTCOME_NUMBER, /* int64_t */
    QL_OUTCOME_CODE,   /* int64_t, shown with three digits at least */
    QL_OUTCOME_TIME,   /* double, seconds */
    QL_OUTCOME_TEXT,   /* char *; NULL: none */
} ql_outcome_kind;

/* All values of one request. Times count from when it was made known to the transfer. */
typedef struct ql_outcome {
    int64_t number;    /* its place among the URLs, from 0 */
    int64_t exit_code; /* 0 or 1 */
    int64_t status, redirects, retries, header_fields, connects;
    int64_t size_download, size_upload, size_header, size_request, speed_download, speed_upload;
    int64_t local_port, remote_port, stream, verify_result;
    double namelookup, connect, appconnect, pretransfer, redirect, starttransfer, total;
    char *content_type, *error, *file, *method, *local_ip, *remote_ip, *url, *redirect_url;
    char *http_version, *scheme, *referer;

    char *version, *dcid;
    double rtt, min_rtt;
    int64_t connection, window;
    int64_t packets_sent, packets_received, packets_lost;
    int64_t bytes_sent, bytes_received, bytes_lost;
} ql_outcome;

void ql_outcome_init(ql_outcome *outcome, const ql_request *request,
                     const ql_connection_figures *figures, unsigned number);
void ql_outcome_clear(ql_outcome *outcome);

/* The value with this name as -w shows it, such as "http_code"; NULL if there is no such name. To
 * be freed by g_free. */
char *ql_outcome_value(const ql_outcome *outcome, const char *name);

/* All values, as an object; to be freed by json_node_unref. */
JsonNode *ql_outcome_to_json(const ql_outcome *outcome);
