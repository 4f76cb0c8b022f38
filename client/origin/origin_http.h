/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/3 on one connection of the origin (RFC 9114): nghttp3 on one side, requests and responses on
 * the other. */
#pragma once

#include "origin_application.h"
#include "origin_content.h"
#include "origin_misbehaviour.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a log line tells of an exchange, when its response begins. Strings are valid during the
 * call. */
typedef struct ql_origin_access {
    const char *method, *target; /* "-" where the request had none */
    unsigned status;
    uint64_t request_size;  /* content, in bytes */
    uint64_t response_size; /* what content-length says */
} ql_origin_access;

typedef void (*ql_origin_access_log)(const ql_origin_access *access, void *user);

typedef struct ql_origin_http_settings {
    const ql_origin_content *content; /* borrowed */
    size_t unacked;                   /* bytes of each response that may be under way; 0: 256 KB */
    size_t *mirrored;      /* borrowed; bytes of content that are kept for all clients' /mirror */
    uint64_t goaway_after; /* requests, after which a connection is to end; 0: never */
    const ql_origin_misbehaviour *misbehaviour; /* NULL: none */
    ql_origin_access_log log;                   /* NULL: none */
    void *log_user;
} ql_origin_http_settings;

/* quic is borrowed. It opens the control stream and QPACK's streams when it starts. */
ql_origin_application *ql_origin_http_new(ngtcp2_conn *quic,
                                          const ql_origin_http_settings *settings);
