/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the sockets of a connection are to be bound: an address or an interface, and ports. */
#pragma once

#include "address.h"

#include <glib.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define QL_LOCAL_END_ERROR (ql_local_end_error_quark())
GQuark ql_local_end_error_quark(void); /* code 0; the message says it all */

/* A plain value; zero everywhere leaves all to the kernel. */
typedef struct ql_local_end {
    ql_address address;             /* length 0: any */
    char interface[IF_NAMESIZE];    /* "": any */
    uint16_t first_port, last_port; /* 0: any */
} ql_local_end;

/* text is an IP address, or the name of an interface. False and error if it is neither. */
bool ql_local_end_parse_interface(ql_local_end *end, const char *text, GError **error);

/* text is "4000" or "4000-4010". False and error if it is neither. */
bool ql_local_end_parse_ports(ql_local_end *end, const char *text, GError **error);

/* Binds a socket of that family. False and error if the address is of another family, or nothing
 * that is asked for can be had. Does nothing if nothing is asked for. */
bool ql_local_end_bind(const ql_local_end *end, int fd, int family, GError **error);
