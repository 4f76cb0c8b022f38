/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets for a pcapng file that somebody else has written. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Puts lines of an NSS key log as a Decryption Secrets Block before the first packet of the file,
 * which is written anew beside itself and then takes its own place, with mode 0600. False and error
 * if that cannot be done, or it is no pcapng; the file is then as it was. */
bool ql_pcapng_add_secrets(const char *path, const GString *lines, GError **error);
