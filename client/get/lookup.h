/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the name service, asked by a thread, so that nobody waits for the answer. */
#pragma once

#include "resolve.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ql_lookup ql_lookup;

/* As ql_resolver_lookup. What needs no name service is there at once. */
ql_lookup *ql_lookup_new(const ql_resolver *resolver, const char *host, uint16_t port);

/* An answer that has not come is not waited for. NULL is a no-op. */
void ql_lookup_free(ql_lookup *lookup);

bool ql_lookup_is_done(const ql_lookup *lookup);

/* For poll(2): POLLIN when it is done. */
int ql_lookup_fd(const ql_lookup *lookup);

/* After it is done, once: the addresses, or NULL and error. */
GArray *ql_lookup_take(ql_lookup *lookup, GError **error);
