/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks tshark, with the plugin in it, what is in a capture. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define QL_TSHARK_ERROR (ql_tshark_error_quark())
GQuark ql_tshark_error_quark(void);

typedef enum ql_tshark_error {
    QL_TSHARK_ERROR_MISSING,   /* there is no tshark; the message says what to do */
    QL_TSHARK_ERROR_NO_PLUGIN, /* tshark does not know -z quiclens; the message says what to do */
    QL_TSHARK_ERROR_FAILED,    /* any other; the message has tshark's own words */
} ql_tshark_error;

/* Reads the capture once and fetches reports of the plugin: reports is a NULL-terminated list of
 * names
 * ("requests", "cids", "json": what follows -z quiclens,), texts gets as many strings, to be freed
 * by g_free. keys names the TLS secrets log; NULL: the file X.keys beside X.pcap or X.pcapng, if
 * there is one, else what Wireshark's own settings say.
 *
 * A capture that is cut off at its end yields what is in it, and a warning: to be freed by g_free,
 * NULL if there is none. On failure all texts are NULL. */
bool ql_tshark_report(const char *capture, const char *keys, const char *const *reports,
                      char **texts, char **warning, GError **error);

/* "a/X.keys" for "a/X.pcapng"; NULL if there is no such file. To be freed by g_free. */
char *ql_tshark_keys_beside(const char *capture);

/* "4.0.17" of the tshark that would be asked; NULL if there is none. To be freed by g_free. */
char *ql_tshark_version(void);
