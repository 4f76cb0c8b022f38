/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client of ngtcp2's own notes down of what it is told, by its callbacks. */
#pragma once

#include <glib.h>
#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct origin_notes origin_notes;

/* What came on one stream. */
typedef struct origin_stream {
    GByteArray *data;
    bool ended, reset;
    uint64_t reset_code;
    uint64_t acknowledged; /* bytes of what the client sent */
} origin_stream;

/* What else the client was told. */
typedef struct origin_told {
    GByteArray *token;    /* NEW_TOKEN */
    GPtrArray *datagrams; /* GByteArray */
    unsigned key_updates, packets, marked;
    bool closed; /* CONNECTION_CLOSE came: ngtcp2_conn_get_ccerr says more */
} origin_told;

origin_notes *origin_notes_new(void);
void origin_notes_free(origin_notes *notes); /* NULL is a no-op */

/* Those of a client whose user data is an origin_notes. */
extern const ngtcp2_callbacks origin_notes_callbacks;
void origin_notes_random(uint8_t *data, size_t length, const ngtcp2_rand_ctx *context);

/* Both are valid as long as notes. */
origin_told *origin_notes_told(origin_notes *notes);
origin_stream *origin_notes_stream(origin_notes *notes, int64_t stream);
