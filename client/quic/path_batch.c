/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_batch.h"

bool ql_path_batch_goes_on(const ql_path_batch *batch, const uint8_t *data)
{
    /* A new batch begins at the beginning of the buffer, where no packet ends. */
    return data != batch->end;
}

void ql_path_batch_note(ql_path_batch *batch, bool current, const uint8_t *data,
                        ngtcp2_ssize length)
{
    if (length > 0)
        batch->end = current ? NULL : data + length;
}
