/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where to listen or to send, as people type it: "127.0.0.1:4433", "[::1]:0", "localhost:4433". */
#pragma once

#include "address.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The first address that the name has. The port is at least that. False and error
 * (QL_OPTIONS_ERROR, in which option is named) if there is none; address is then unchanged. */
bool ql_endpoint_parse(const char *option, const char *text, uint16_t least_port,
                       ql_address *address, GError **error);
