/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of quiclens get. */
#pragma once

#include "capture_options.h"
#include "impair_options.h"
#include "local_end.h"
#include "options.h"
#include "path.h"
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
    GPtrArray *urls;    /* char *, patterns (glob.h) but with globoff */
    GPtrArray *outputs; /* char *, in the order of -o and -O; "" stands for -O */
    GArray *data;       /* ql_get_data */
    GPtrArray *queries; /* char *, --url-query, encoded */
    char **uploads;     /* -T */
    char *output_dir, *method, **headers;
    char *user_agent, *referer, *user, *bearer, *cookie, *range, *priority;
    char **datagrams, *protocol;
    GHashTable *later_priorities; /* guint, a request's place -> char * */
    ql_trigger reprioritize_after;
    ql_trigger delay; /* of the first request on each connection: a time */
    gboolean head, data_in_query, json, compressed, globoff;
    gboolean http3;        /* nothing else may be spoken */
    unsigned config_depth; /* of config files that are being read */

    gboolean location, location_trusted;
    int64_t max_redirects, retries;
    double retry_delay; /* in seconds; 0: not given */

    gboolean include, verbose, silent, show_error, no_progress, fail, fail_with_body;
    gboolean create_dirs, remove_on_error;
    uint64_t max_filesize; /* in bytes; 0: any size */
    char *continue_at, *write_out, *dump_header;
    gboolean summary, trace_frames;
    int64_t parallel_max; /* 0: not given */
    gboolean ipv4, ipv6;
    ql_local_end local;
    char **connect_to;
    char **resolve;
    ql_tls_options tls;
    ql_quic_settings quic;
    ql_capture_options record;
    ql_impair_options impair;
    char *command_line; /* as it may be shown to others; the caller sets it */
    ql_path_plan paths;
    double connect_timeout, max_time, idle_timeout; /* in seconds; 0: not given */
} ql_get_options;

/* False on bad usage, with error; false without error if help was asked for and printed. clear is
 * due in any case. */
bool ql_get_options_parse(ql_get_options *options, int argc, char **argv, GError **error);
void ql_get_options_clear(ql_get_options *options);

/* Whether HTTP/3 can be spoken, and not HTTP/0.9 only. */
bool ql_get_options_have_http3(const ql_get_options *options);

/* The tables of options, each for a group of its own; their record is a ql_get_options. */
extern const ql_option ql_get_request_table[];
extern const ql_option ql_get_output_table[];
extern const ql_option ql_get_follow_table[];

/* Takes the options and URLs of a config file ("-": standard input). */
gboolean ql_get_options_take_config(const char *name, const char *value, void *record,
                                    GError **error);
