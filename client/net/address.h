/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A UDP address (IPv4 or IPv6 with port) as a plain value. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct ql_address {
    struct sockaddr_storage storage;
    socklen_t length; /* 0: no address */
} ql_address;

/* length is at most that of a sockaddr_storage. */
ql_address ql_address_from(const struct sockaddr *address, socklen_t length);

/* The address as the socket calls and ngtcp2 want it; valid as long as address. */
const struct sockaddr *ql_address_sockaddr(const ql_address *address);

/* In host byte order; 0 if there is no address. */
uint16_t ql_address_port(const ql_address *address);
void ql_address_set_port(ql_address *address, uint16_t port);

/* The same host and port. An IPv6 scope counts, flow labels do not. */
bool ql_address_equal(const ql_address *a, const ql_address *b);

bool ql_address_is_loopback(const ql_address *address);
bool ql_address_is_any(const ql_address *address); /* 0.0.0.0, [::]: all that a host has */

/* "192.0.2.1:443", "[2001:db8::1]:443"; to be freed by g_free. */
char *ql_address_to_string(const ql_address *address);
