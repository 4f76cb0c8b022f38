/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_trace.h"

#include "certificate_text.h"

static void trace_certificate(const ql_tls *tls, X509 *certificate, ql_trace *trace)
{
    g_autofree char *subject = ql_certificate_name(X509_get_subject_name(certificate));
    g_autofree char *hosts = ql_certificate_hosts(certificate);
    g_autofree char *issuer = ql_certificate_name(X509_get_issuer_name(certificate));
    g_autofree char *start = ql_certificate_time(X509_get0_notBefore(certificate));
    g_autofree char *end = ql_certificate_time(X509_get0_notAfter(certificate));
    const char *rejection = ql_tls_rejection(tls);
    ql_trace_note(trace, "certificate: subject %s, for %s", subject, hosts);
    ql_trace_note(trace, "certificate: issuer %s", issuer);
    ql_trace_note(trace, "certificate: valid from %s to %s", start, end);
    if (rejection == NULL)
        ql_trace_note(trace, "certificate: verified");
    else
        ql_trace_note(trace, "certificate: NOT verified, %s (accepted because of -k)", rejection);
}

void ql_tls_trace(const ql_tls *tls, ql_trace *trace)
{
    SSL *ssl = ql_tls_ssl(tls);
    const unsigned char *alpn;
    unsigned int length;
    if (trace == NULL)
        return;
    SSL_get0_alpn_selected(ssl, &alpn, &length);
    ql_trace_note(trace, "TLS 1.3: %s, group %s, ALPN %.*s%s", SSL_get_cipher_name(ssl),
                  SSL_get0_group_name(ssl), (int)length, (const char *)alpn,
                  SSL_session_reused(ssl) ? ", resumed" : "");
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate != NULL)
        trace_certificate(tls, certificate, trace);
}
