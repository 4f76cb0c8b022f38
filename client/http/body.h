/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The content of a request: texts and files in a row, read piece by piece while it is sent. Pieces
 * are kept until the peer acknowledged them, at most 4 MiB at a time, so that the size of what is
 * uploaded costs no memory. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ql_body ql_body;

ql_body *ql_body_new(void);
void ql_body_free(ql_body *body); /* NULL is a no-op */

/* Appends length bytes, which are copied. */
void ql_body_add_text(ql_body *body, const char *text, size_t length);

/* Appends what the file holds; "-" is standard input, from where it stands. A regular file is open
 * only while it is read, and as long as it is when it is appended. Carriage returns, line feeds and
 * zero bytes are left out if strip says so. False and error if it cannot be opened. */
bool ql_body_add_file(ql_body *body, const char *path, bool strip, GError **error);

/* Whether ql_body_add_file would find something to read, without opening it; error as there. */
bool ql_body_check_file(const char *path, GError **error);

/* Whether ql_body_new_again can do what it says: nothing comes from a pipe or from standard input.
 */
bool ql_body_can_repeat(const ql_body *body);

/* The same content from its beginning, whatever has been read of body. NULL and error if a file
 * cannot be opened any more. */
ql_body *ql_body_new_again(const ql_body *body, GError **error);

/* Makes of what is read what is to be sent, appended to out; length 0: that was all. */
typedef void (*ql_body_filter)(const uint8_t *data, size_t length, GByteArray *out, void *user);

/* Everything that is read from now on goes through filter, whose length is not known then. user is
 * borrowed. */
void ql_body_set_filter(ql_body *body, ql_body_filter filter, void *user);

/* After what it has, it does not end before ql_body_finish. */
void ql_body_hold(ql_body *body);

/* To be sent before what was not handed out yet, past the filter. */
void ql_body_interject(ql_body *body, const uint8_t *data, size_t length);

/* Nothing more is read. */
void ql_body_finish(ql_body *body);

/* How many bytes it has; -1 if that is known only at its end. */
int64_t ql_body_length(const ql_body *body);

typedef enum ql_body_state {
    QL_BODY_PIECE,  /* here is a piece */
    QL_BODY_WAIT,   /* nothing for now: wait for ql_body_fd or for an acknowledgement */
    QL_BODY_END,    /* all has been handed out */
    QL_BODY_FAILED, /* error says why */
} ql_body_state;

/* The next piece, valid until it is acknowledged. */
ql_body_state ql_body_next(ql_body *body, const uint8_t **data, size_t *length, GError **error);

/* The first count bytes of those handed out and not yet acknowledged are not needed any more. */
void ql_body_acknowledge(ql_body *body, uint64_t count);

/* After QL_BODY_WAIT: the descriptor that has to become readable, or -1. */
int ql_body_fd(const ql_body *body);
