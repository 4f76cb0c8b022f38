/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lab pages of the embedded origin: a path that is a list of what the answer is to be like, in
 * any order, such as /delay/300ms/status/503 or /bytes/1000000/gzip/trailers.
 *
 *   /status/CODE     that status, 200 to 599
 *   /bytes/N         N bytes of the known pattern (N: 5000, 200k, 10M)
 *   /headers         the fields of the request, as text
 *   /mirror          the content of the request
 *   /redirect/N      N times 302, and then the front page
 *   /early-hints     103 ahead of the answer (RFC 8297)
 *   /delay/TIME      later (300ms, 2s; at most a minute)
 *   /slow/RATE       so many bytes of content a second
 *   /reset/N         the stream is reset after N bytes of content (RFC 9000, 19.4)
 *   /trailers        a trailer section behind the content (RFC 9114, 4.1)
 *   /gzip /br /zstd  the content in that coding (RFC 9110, 8.4) */
#pragma once

#include "origin_coding.h"

#include <stdbool.h>
#include <stdint.h>

#define QL_ORIGIN_LAB_MAX_REDIRECTS 100u

typedef enum ql_origin_plan_content {
    QL_ORIGIN_PLAN_STATUS, /* a line that says the status */
    QL_ORIGIN_PLAN_BYTES,
    QL_ORIGIN_PLAN_HEADERS,
    QL_ORIGIN_PLAN_MIRROR,
} ql_origin_plan_content;

/* A plain value; zeroed it is an ordinary answer. */
typedef struct ql_origin_plan {
    unsigned status; /* 0: not chosen */
    ql_origin_plan_content content;
    uint64_t bytes;     /* of QL_ORIGIN_PLAN_BYTES */
    unsigned redirects; /* 0: none */
    bool early_hints, trailers, reset;
    uint64_t reset_after; /* bytes of content */
    uint64_t delay;       /* nanoseconds */
    uint64_t rate;        /* bytes of content a second; 0: as fast as can be */
    ql_origin_coding coding;
} ql_origin_plan;

/* The path of a request target; its query is not looked at. False: it is no lab page. */
bool ql_origin_lab_parse(const char *target, ql_origin_plan *plan);
