/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story of a capture, told from facts: a sentence for everything that happens, with the frame
 * in which it happens, in the order of frames. */
#pragma once

#include "facts.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ql_sentence {
    uint32_t frame;      /* 0: it belongs to none */
    uint32_t connection; /* UINT32_MAX: it belongs to none */
    bool landmark;       /* one of the few that make the short story */
    char *text;          /* without a full stop, on one line; safe to print */
} ql_sentence;

/* ql_sentence; to be freed by g_ptr_array_unref. */
GPtrArray *ql_narration_of(const ql_facts *facts);
