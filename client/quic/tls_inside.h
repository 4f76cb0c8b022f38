/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of TLS share among themselves. */
#pragma once

#include "tls.h"

/* "what: the cause that OpenSSL noted first". */
void ql_tls_set_error(GError **error, const char *what);

/* Sessions of the context's connections go to their listeners (ql_tls_set_session_listener). */
void ql_tls_keep_sessions(SSL_CTX *context);
