/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The embedded origin in a process of its own, on a free port of the loopback: what the demo talks
 * to. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ql_demo_origin ql_demo_origin;

/* It serves its built-in pages from here on. When this program ends, however it ends, so does the
 * origin. NULL and error if it cannot be started. */
ql_demo_origin *ql_demo_origin_start(GError **error);

/* Ends the process and waits for it. NULL is a no-op. */
void ql_demo_origin_stop(ql_demo_origin *origin);

uint16_t ql_demo_origin_port(const ql_demo_origin *origin); /* on 127.0.0.1 */

/* The file of its certificate, to be trusted. Valid as long as origin. */
const char *ql_demo_origin_certificate(const ql_demo_origin *origin);
