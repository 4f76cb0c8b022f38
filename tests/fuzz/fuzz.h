/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "model/slice.h"

/* libFuzzer calls it with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A part of a part: data that begins or ends outside of `whole` was not read from it. */
static inline void assert_within(ql_slice part, ql_slice whole)
{
    if (part.length > 0)
        g_assert(part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}
