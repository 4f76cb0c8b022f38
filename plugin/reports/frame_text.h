/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_FRAME_TEXT_H
#define QL_FRAME_TEXT_H

#include "model/frames.h"

/* A QUIC frame in one line: "STREAM 0, offset 0, 35 bytes, end". The caller frees it. */
char *ql_frame_text(const ql_frame *frame);

#endif
