/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QL_TRANSPORT_ERROR_H
#define QL_TRANSPORT_ERROR_H

#include <stdint.h>

/* Name of a transport error code (RFC 9000, 20.1; RFC 9368, 5), such as "FLOW_CONTROL_ERROR"; of a
 * TLS alert (RFC 9001, 4.8) such as "TLS alert bad_certificate"; "unknown error" for others. Never
 * NULL. */
const char *ql_transport_error_name(uint64_t error);

#endif
