/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures as Wireshark's own library reads them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wiretap_packet {
    uint64_t time_ns; /* since 1970 */
    const uint8_t *data;
    size_t length;
    const char *comment; /* NULL: none */
} wiretap_packet;

typedef struct wiretap_reader wiretap_reader;

/* NULL: it takes the file for no capture. */
wiretap_reader *wiretap_reader_new(const char *path);
void wiretap_reader_free(wiretap_reader *reader);

/* The next packet, valid until the one behind it is read. False: there is none. A file that is
 * broken ends the program. */
bool wiretap_reader_next(wiretap_reader *reader, wiretap_packet *packet);
