/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the padding behind the frames of a packet begins (RFC 9000, 12.4 and 19). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The length of what precedes the PADDING frames at the end of payload; length if there are none,
 * or if a frame of an unknown type is in the way. */
size_t ql_origin_padding_start(const uint8_t *payload, size_t length);
