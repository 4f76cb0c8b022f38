/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/datagram.h"

#include <arpa/inet.h>
#include <string.h>

bool ql_endpoint_equal(const ql_endpoint *a, const ql_endpoint *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

char *ql_endpoint_text(const ql_endpoint *endpoint)
{
    char address[INET6_ADDRSTRLEN];
    bool is_v6 = endpoint->family == 6;

    if (endpoint->family != 4 && endpoint->family != 6)
        return g_strdup_printf("unknown:%u", endpoint->port);
    /* It fails for want of room or an unknown family only. */
    const char *text =
        inet_ntop(is_v6 ? AF_INET6 : AF_INET, endpoint->address, address, sizeof address);
    g_assert(text != NULL);
    return g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", text, endpoint->port);
}

const char *ql_side_name(ql_side side)
{
    return side == QL_CLIENT ? "client" : "server";
}

const char *ql_ecn_name(unsigned ecn)
{
    static const char *const names[] = { "Not-ECT", "ECT(1)", "ECT(0)", "CE" };
    return names[ecn & 3];
}
