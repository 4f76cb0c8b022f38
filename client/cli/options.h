/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of a subcommand, from tables, which are also the help text. Behind it is GOption; on top
 * of that, as with curl, a value may follow its letter directly ("-XPUT"). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define QL_OPTIONS_ERROR (ql_options_error_quark())
GQuark ql_options_error_quark(void); /* code 0: bad usage; the message says how */

typedef enum ql_option_kind {
    QL_OPTION_FLAG,      /* gboolean */
    QL_OPTION_STRING,    /* char *; the last one counts; g_free */
    QL_OPTION_STRINGS,   /* char **, NULL-terminated, in order; g_strfreev */
    QL_OPTION_SECONDS,   /* double, more than 0 */
    QL_OPTION_NUMBER,    /* int64_t, 0 or more */
    QL_OPTION_CALL,      /* goes to take, with a value */
    QL_OPTION_CALL_FLAG, /* goes to take, without one: value is NULL */
} ql_option_kind;

/* Handles an option itself; name is as it was typed ("-d", "--data"), record the caller's. False
 * and error if the value is bad. */
typedef gboolean (*ql_option_take)(const char *name, const char *value, void *record,
                                   GError **error);

/* FALSE, and the error of a bad value: what it is, of which option, and why, which is a sentence
 * such as "on or off is expected". */
gboolean ql_options_refuse(const char *name, const char *value, const char *why, GError **error);

typedef struct ql_option {
    const char *name; /* without "--" */
    char letter;      /* '\0': none */
    ql_option_kind kind;
    size_t offset;        /* of the field in the record, but for calls */
    const char *argument; /* what stands for the value in the help text; NULL: it has none */
    const char *help;
    ql_option_take take; /* for calls */
} ql_option;

/* Options that belong together, and the record that they fill. A list of groups ends with a zero
 * entry. */
typedef struct ql_option_group {
    const char *title;      /* its heading in the help text */
    const ql_option *table; /* ends with a zero entry */
    void *record;           /* borrowed */
} ql_option_group;

/* Reads argv (argv[0] is the subcommand's name) by groups. Returns what is not an option,
 * NULL-terminated, to be freed by g_strfreev. NULL and error on bad usage; NULL without error if
 * help was asked for and printed on standard output. */
char **ql_options_parse(const ql_option_group *groups, int argc, char **argv, const char *arguments,
                        const char *summary, GError **error);

/* The help text: summary as it is, then a heading a group, with lines of at most width columns
 * where words allow. A help sentence about QUIC itself ends with its source, "(RFC 9000, 9.1)". To
 * be freed by g_free. */
char *ql_options_help(const ql_option_group *groups, const char *program, const char *arguments,
                      const char *summary, unsigned width);
