/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's dumpcap, which takes a capture from a network interface as the kernel sees it. The
 * secrets are added to its file when it has ended. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define QL_DUMPCAP_ERROR (ql_dumpcap_error_quark())
GQuark ql_dumpcap_error_quark(void); /* code 0; the message says it all */

typedef struct ql_dumpcap ql_dumpcap;

typedef struct ql_dumpcap_plan {
    const char *interface, *path;
    const char *filter;  /* as of pcap-filter(7) */
    const char *comment; /* on the capture; NULL: none */
} ql_dumpcap_plan;

/* Starts it, and returns when it captures. It is in a process group of its own, so that what a
 * terminal sends reaches it only through ql_dumpcap_close. NULL and error if it is not installed,
 * must not capture there, or does not begin for another reason, which it says itself. */
ql_dumpcap *ql_dumpcap_new(const ql_dumpcap_plan *plan, GError **error);

/* One line of the secrets log. */
void ql_dumpcap_secret(ql_dumpcap *dumpcap, const char *line);

/* Gives the kernel the time to hand over what it has gathered, ends dumpcap and waits for it, adds
 * the secrets, and frees all. NULL is a no-op that returns true. False and error if the file is not
 * whole or has no secrets. */
bool ql_dumpcap_close(ql_dumpcap *dumpcap, GError **error);

/* A filter for UDP with any of these (ql_address), NULL if there are none. To be freed by g_free.
 */
char *ql_dumpcap_filter(const GArray *addresses);
