/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in a certificate, as text for people. Control characters are escaped; all results are
 * to be freed by g_free. */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

/* "CN = example.org, O = Example"; "nobody" if it is empty. */
char *ql_certificate_name(const X509_NAME *name);

/* "2024-05-01 12:00:00 GMT" */
char *ql_certificate_time(const ASN1_TIME *time);

/* The DNS names and addresses that it is for, separated by ", "; its subject if it names none. */
char *ql_certificate_hosts(X509 *certificate);
