/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_options.h"

#include "relay_value.h"

#include <string.h>

static gboolean take_trigger(const char *name, const char *value, void *record, GError **error)
{
    ql_path_plan *plan = record;
    ql_trigger *trigger = strcmp(name, "--rotate-cid-after") == 0 ? &plan->rotate
                          : strcmp(name, "--probe-path") == 0     ? &plan->probe
                          : strcmp(name, "--rebind-after") == 0   ? &plan->rebind
                                                                  : &plan->move;
    return ql_trigger_parse(name, value, trigger, error);
}

static gboolean take_address(const char *name, const char *value, void *record, GError **error)
{
    return ql_relay_value_address(value, &((ql_path_plan *)record)->other.address) ||
           ql_options_refuse(name, value, "an address without port is expected", error);
}

static gboolean take_preferred(const char *name, const char *value, void *record, GError **error)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return ql_options_refuse(name, value, "yes or no is expected", error);
    ((ql_path_plan *)record)->stay = strcmp(value, "no") == 0;
    return TRUE;
}

const ql_option ql_path_option_table[] = {
    { "migrate-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "move to a new local port after so much content (200k) or time (300ms) (RFC 9000, 9)",
      take_trigger },
    { "migrate-to", '\0', QL_OPTION_CALL, 0, "ADDRESS",
      "with --migrate-after, --probe-path: to this local address (RFC 9000, 9.2)", take_address },
    { "rebind-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "send from a new local port without a word, as behind a NAT; what comes to the old one is "
      "lost (RFC 9000, 9.3)",
      take_trigger },
    { "probe-path", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "validate the path from a new local port, and stay on the old one (RFC 9000, 9.1)",
      take_trigger },
    { "preferred-address", '\0', QL_OPTION_CALL, 0, "yes|no",
      "follow the server to the address that it prefers; yes if not given (RFC 9000, 9.6)",
      take_preferred },
    { "rotate-cid-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "take another connection ID of the server's on the same path (RFC 9000, 5.1.2)",
      take_trigger },
    { .name = NULL },
};
