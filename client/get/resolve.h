/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From host names to addresses. */
#pragma once

#include "address.h"

#include <glib.h>
#include <stdbool.h>

#define QL_RESOLVE_ERROR (ql_resolve_error_quark())
GQuark ql_resolve_error_quark(void); /* code 0; the message says it all */

typedef struct ql_resolver ql_resolver;

/* family is AF_UNSPEC, AF_INET or AF_INET6. entries, as curl's --resolve, are
 * "HOST:PORT:ADDRESS[,ADDRESS]..." with "*" for any host; NULL: none. NULL and error if one of them
 * is not of this form. */
ql_resolver *ql_resolver_new(int family, char *const *entries, GError **error);

/* entries, as curl's --connect-to, are "HOST1:PORT1:HOST2:PORT2": who asks for the first is told
 * where the second is. An empty HOST1 or PORT1 is any, an empty HOST2 or PORT2 the one that was
 * asked for. False and error if one of them is not of this form. */
bool ql_resolver_connect_to(ql_resolver *resolver, char *const *entries, GError **error);
void ql_resolver_free(ql_resolver *resolver); /* gives one reference up; NULL is a no-op */
const ql_resolver *ql_resolver_ref(const ql_resolver *resolver);

/* Whether the name service is not needed for this host. */
bool ql_resolver_knows(const ql_resolver *resolver, const char *host, uint16_t port);

/* The addresses of a host, best first, at least one: an array of ql_address, to be freed by
 * g_array_unref. It waits for the name service. NULL and error if there is none. */
GArray *ql_resolver_lookup(const ql_resolver *resolver, const char *host, uint16_t port,
                           GError **error);
