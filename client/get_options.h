/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of quiclens get. */
#pragma once

#include "capture_options.h"
#include "quic_settings.h"
#include "tls_options.h"
#include "trigger.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A piece of the request's content (-d, --data-binary), in order. */
typedef struct ql_get_data {
    char *text; /* or a file's name, without "@" */
    bool file;
    bool strip; /* leave line ends out */
} ql_get_data;

/* A plain value. */
typedef struct ql_get_options {
    char **urls;
    GPtrArray *outputs; /* char *, in the order of -o and -O; "" stands for -O */
    GArray *data;       /* ql_get_data */
    char **uploads;     /* -T */
    char *output_dir, *method, **headers;
    gboolean include, verbose, silent, show_error, fail;
    gboolean ipv4, ipv6;
    char **resolve;
    ql_tls_options tls;
    ql_quic_settings quic;
    ql_capture_options record;
    char *command_line; /* as it may be shown to others; the caller sets it */
    ql_trigger move;
    double connect_timeout, max_time, idle_timeout; /* in seconds; 0: not given */
} ql_get_options;

/* False on bad usage, with error; false without error if help was asked for and printed. clear is
 * due in any case. */
bool ql_get_options_parse(ql_get_options *options, int argc, char **argv, GError **error);
void ql_get_options_clear(ql_get_options *options);
