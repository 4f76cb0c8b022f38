/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of options, as curl's -K: an option a line, by its name with or without dashes, its value
 * behind a blank, "=" or ":"; the value may stand in double quotes, in which \" \\ \n \r \t \v are
 * taken for what they stand for. "#" begins a comment. */
#pragma once

#include <glib.h>

#define QL_CONFIG_FILE_ERROR (ql_config_file_error_quark())
GQuark ql_config_file_error_quark(void); /* code 0; the message names the line and the rule */

#define QL_CONFIG_FILE_BYTES_MAX (64u << 20)

/* The words of a command line that say the same: "--name" "value" ..., NULL-terminated, to be freed
 * by g_strfreev. NULL and error if a line is none. */
char **ql_config_file_parse(const char *text, GError **error);

/* The same for a file; "-" is standard input. NULL and error also if it cannot be read. */
char **ql_config_file_read(const char *path, GError **error);
