/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line as it may be written into files that are shown to others. */
#pragma once

/* "quiclens get ..." with the words of argv from the subcommand's name on, quoted for a shell where
 * need be. What can be a secret is "..." instead: values of options for header fields, content,
 * cookies, users and passwords, and a URL's user and query. To be freed by g_free. */
char *ql_command_line_show(int argc, char *const *argv);
