/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ngtcp2 calls, translated for the other rooms of the client. */
#pragma once

#include "application.h"
#include "path.h"
#include "path_batch.h"
#include "qlog.h"
#include "quic_settings.h"
#include "remarks.h"
#include "resumption.h"
#include "tls.h"
#include "trace.h"

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>

/* Where the events of one connection go, and what they leave behind; ngtcp2's user data. The
 * connection owns it. */
typedef struct ql_callbacks_context {
    ngtcp2_conn *quic;
    ql_tls *tls;
    ql_paths *paths;
    ql_trace *trace;
    ql_qlog *qlog;               /* NULL: none */
    ql_http_settings http;       /* for it */
    ql_remarks *remarks;         /* what a packet is to show in the capture */
    GQueue held;                 /* requests that early data must not carry */
    ql_resumption *resumption;   /* NULL: none */
    bool early_data;             /* is being sent, or was */
    ql_application *application; /* made as soon as the keys for it are there */
    ql_path_batch batch;
    ngtcp2_ccerr why; /* a fault that was found on this side; else ngtcp2_ccerr_default */
    const ql_quic_settings *settings;
    bool handshake_done, confirmed;
    ngtcp2_tstamp handshake_time; /* when it was done; UINT64_MAX before */
    bool stateless_reset;
    /* By a Version Negotiation packet: "0x6b3343cf, ..."; NULL: none came. */
    char *offered_versions;
    uint32_t chosen_version; /* of these; 0: none */
} ql_callbacks_context;

/* All callbacks of a client, with a ql_callbacks_context as user data. */
const ngtcp2_callbacks *ql_callbacks_client(void);

/* Begins to speak that protocol; sets why if that cannot be. Returns whether it speaks. */
bool ql_callbacks_start_application(ql_callbacks_context *context, const char *alpn);

/* For ngtcp2_settings.qlog_write. */
void ql_callbacks_write_qlog(void *user, uint32_t flags, const void *data, size_t length);

/* For ngtcp2_conn_write_aggregate_pkt. */
ngtcp2_ssize ql_callbacks_write_packet(ngtcp2_conn *quic, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                       uint8_t *data, size_t length, ngtcp2_tstamp now, void *user);
