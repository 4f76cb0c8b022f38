/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLS secrets log: lines in NSS key log format (draft-ietf-tls-keylogfile), each with a label,
 * the ClientHello's random and a secret. It goes to a file, to a listener, to both or to none; one
 * log serves all connections of the program. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct ql_keylog ql_keylog;

/* Gets every line, without line feed, before the library uses the secret on a packet. */
typedef void (*ql_keylog_listener)(const char *line, void *user);

/* path is what --keys names, or NULL: then the environment's SSLKEYLOGFILE counts, and where that
 * is unset or empty there is no file.
 *
 * Lines are appended, each in one write, so that several programs can share the file. It is made
 * with mode 0600, and a regular file of the user's own is set to that mode. Refused: a symbolic
 * link, and a regular file, that belongs neither to the user nor to root. NULL and error if it
 * cannot be opened; the message names the path and what was asked. */
ql_keylog *ql_keylog_new(const char *path, GError **error);

/* One listener at most; NULL takes it away. user is borrowed. */
void ql_keylog_set_listener(ql_keylog *log, ql_keylog_listener listener, void *user);

/* The file's path, or NULL if lines go to no file. Valid as long as log. */
const char *ql_keylog_path(const ql_keylog *log);

/* One line, with or without its line feed. */
void ql_keylog_write(ql_keylog *log, const char *line);

/* Closes and frees it; NULL is a no-op that returns true. False and error if a line could not be
 * written: the first failure, after which the file was left alone. */
bool ql_keylog_close(ql_keylog *log, GError **error);
