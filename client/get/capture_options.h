/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of quiclens get that say what is recorded of a session. */
#pragma once

#include "options.h"

/* A plain value; what is NULL was not given. */
typedef struct ql_capture_options {
    char *capture; /* "-": standard output */
    char *dumpcap; /* the interface on which it is taken; NULL: the program takes it itself */
    char *keys, *qlog;
} ql_capture_options;

/* The group of options that fill the record. */
ql_option_group ql_capture_options_group(ql_capture_options *options);
void ql_capture_options_clear(ql_capture_options *options);

/* False and error if they do not go together. */
bool ql_capture_options_check(const ql_capture_options *options, GError **error);

/* Whether the capture has standard output, so that nothing else may. */
bool ql_capture_options_take_stdout(const ql_capture_options *options);
