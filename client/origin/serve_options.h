/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of quiclens serve. */
#pragma once

#include "origin_misbehaviour.h"
#include "origin_transport.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ql_serve_options {
    char **listen; /* "ADDR:PORT"; NULL: the default */
    char *folder;  /* NULL: the built-in pages */
    gboolean silent;
    char *certificate, *key; /* both or none */
    char *alpn, *client_ca;
    int64_t goaway_after;    /* 0: never */
    int64_t max_connections; /* 0: as usual */
    gboolean reject_early_data;
    gboolean retry, zero_length_cid;
    double idle_timeout; /* in seconds; 0: not given */
    ql_quic_settings quic;
    char **preferred; /* "ADDR:PORT" */
    ql_trigger retire;
    const ql_origin_misbehaviour *misbehaviour; /* NULL: none */
    char *keys, *capture, *qlog;
} ql_serve_options;

/* False and error on bad usage. False without error: help was asked for and printed. */
bool ql_serve_options_parse(ql_serve_options *options, int argc, char **argv, GError **error);
void ql_serve_options_clear(ql_serve_options *options);

/* Where to listen: GArray of ql_address, to be freed by g_array_unref. Names are looked up. NULL
 * and error if one of them is none. */
GArray *ql_serve_options_addresses(const ql_serve_options *options, GError **error);

/* The part that is QUIC's. False and error if a preferred address is none. */
bool ql_serve_options_quic(const ql_serve_options *options, ql_origin_quic_settings *quic,
                           GError **error);
