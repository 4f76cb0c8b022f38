/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a response goes: a file, standard output, or nowhere. Writing never waits for a slow
 * reader: what does not fit is kept, and the caller holds the peer back until it has gone.
 *
 * Several responses on standard output come out one behind the other, in the order in which their
 * outputs were made, however their bytes come in. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Standard output, or what stands for it. */
typedef struct ql_stdout ql_stdout;

/* fd is borrowed. Where it is a terminal, control characters are shown and not sent to it. */
ql_stdout *ql_stdout_new(int fd);
void ql_stdout_free(ql_stdout *shared); /* after its outputs; NULL is a no-op */
bool ql_stdout_is_terminal(const ql_stdout *shared);

/* Is called before something is written that a reader may be waiting for, at the other end of a
 * pipe or at a terminal: what he is to find elsewhere by then can be written first. NULL: nobody.
 */
typedef void (*ql_stdout_listener)(void *user);
void ql_stdout_set_listener(ql_stdout *shared, ql_stdout_listener before, void *user);

typedef struct ql_output ql_output;

/* shared is borrowed and takes this output's turn. */
ql_output *ql_output_new_stdout(ql_stdout *shared);

/* The file is made, or emptied, by ql_output_open. */
ql_output *ql_output_new_file(const char *path);

/* The same, but ql_output_open leaves what the file holds, and goes on at its end. */
ql_output *ql_output_new_file_behind(const char *path);

/* Takes everything and keeps nothing. */
ql_output *ql_output_new_nowhere(void);

/* Ends the output's turn on standard output; what was not written is lost. NULL is a no-op. */
void ql_output_free(ql_output *output);

/* The file's name; NULL: it is none. */
const char *ql_output_path(const ql_output *output);

/* The response has begun. False and error if the file cannot be made. */
bool ql_output_open(ql_output *output, GError **error);

/* Takes all of data; small pieces wait for others, until ql_output_flush. False and error if it
 * cannot be written: the output then is of no more use. */
bool ql_output_write(ql_output *output, const void *data, size_t length, GError **error);

/* Bytes that wait to be written. */
size_t ql_output_pending(const ql_output *output);

/* Writes what waits, as far as it goes. False and error as above. */
bool ql_output_flush(ql_output *output, GError **error);

/* The descriptor that has to become writable before ql_output_flush gets on; -1 if it does not wait
 * for one. */
int ql_output_fd(const ql_output *output);

/* The response is over: to be called when nothing is pending. False and error if the file could not
 * be completed. */
bool ql_output_close(ql_output *output, GError **error);

/* Takes back what was written and what waits, for another attempt: nothing, or to a regular file.
 * False if that cannot be, or fails. */
bool ql_output_rewind(ql_output *output);

/* Removes the file, if it was opened and is a regular one. It must not be used any more. */
void ql_output_remove(ql_output *output);

/* Names for files of one folder that do not clash: the first "a" is "a", the next "a.1". taken has
 * the names as keys, owned (g_free), and as value what number was last put behind one of them
 * (GUINT_TO_POINTER; NULL: none). To be freed by g_free. */
char *ql_output_unique_name(GHashTable *taken, const char *name);
