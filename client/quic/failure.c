/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "failure.h"

#include "quic_error.h"
#include "quic_settings.h"

#define CRYPTO_ERROR            0x100u /* RFC 9001, 4.8 */
#define NO_APPLICATION_PROTOCOL (CRYPTO_ERROR | 120u)
#define CONNECTION_REFUSED      0x02u

static double seconds(ngtcp2_duration duration)
{
    return (double)duration / (double)NGTCP2_SECONDS;
}

static bool is_transport_error(const ngtcp2_ccerr *error, uint64_t code)
{
    return error->type == NGTCP2_CCERR_TYPE_TRANSPORT && error->error_code == code;
}

static bool is_tls_alert(const ngtcp2_ccerr *error)
{
    return error->type == NGTCP2_CCERR_TYPE_TRANSPORT && error->error_code >= CRYPTO_ERROR &&
           error->error_code <= (CRYPTO_ERROR | 0xffu);
}

/* An alert on the certificate of this side, from bad_certificate to access_denied and
 * certificate_required (RFC 8446, 6.2). */
static bool is_about_certificate(const ngtcp2_ccerr *error)
{
    uint64_t alert = error->error_code & 0xff;
    return is_tls_alert(error) && ((alert >= 42 && alert <= 49 && alert != 47) || alert == 116);
}

static char *closed_by_peer(const ql_failure *failure)
{
    g_autofree char *error = ql_quic_error_to_string(failure->error);
    if (is_transport_error(failure->error, NO_APPLICATION_PROTOCOL))
        return g_strdup_printf("%s does not speak %s on this port: it refused the ALPN \"%s\" "
                               "with %s; check the port",
                               failure->origin,
                               failure->alpn == NULL ? "HTTP/3" : "what --alpn offers",
                               failure->alpn == NULL ? "h3" : failure->alpn, error);
    if (is_transport_error(failure->error, CONNECTION_REFUSED))
        return g_strdup_printf("%s takes no connection for now: %s; try again later",
                               failure->origin, error);
    if (is_about_certificate(failure->error))
        return g_strdup_printf("%s did not accept this client: %s; --cert FILE and --key FILE give "
                               "it a certificate",
                               failure->origin, error);
    if (failure->in_handshake)
        return g_strdup_printf("%s ended the handshake: %s; -v shows how far it came",
                               failure->origin, error);
    return g_strdup_printf("%s closed the connection before all was done: %s; try again, -v shows "
                           "more",
                           failure->origin, error);
}

static char *fault_of_peer(const ql_failure *failure)
{
    g_autofree char *error = ql_quic_error_to_string(failure->error);
    if (is_transport_error(failure->error, NO_APPLICATION_PROTOCOL))
        return g_strdup_printf(
            "%s did not agree on HTTP/3: it chose no ALPN (RFC 9001, 8.1); check "
            "the port",
            failure->origin);
    if (is_tls_alert(failure->error))
        return g_strdup_printf(
            "the TLS handshake with %s failed: %s%s%s; it was ended with %s", failure->origin,
            failure->detail == NULL ? "what it sent was not accepted" : "OpenSSL says \"",
            failure->detail == NULL ? "" : failure->detail, failure->detail == NULL ? "" : "\"",
            error);
    return g_strdup_printf(
        "%s broke the rules of %s: %s; a capture (--capture FILE) shows where", failure->origin,
        failure->error->type == NGTCP2_CCERR_TYPE_APPLICATION ? "HTTP/3" : "QUIC", error);
}

static char *refused(const ql_failure *failure)
{
    if (failure->in_handshake)
        return g_strdup_printf("%s refused: no program listens on UDP %s; check the port, and that "
                               "the server has HTTP/3 switched on",
                               failure->origin, failure->address);
    return g_strdup_printf("%s has gone: no program listens on UDP %s any more; the server has "
                           "probably ended",
                           failure->origin, failure->address);
}

static char *version_refused(const ql_failure *failure)
{
    g_autofree char *version = ql_quic_version_to_string(failure->version);
    return g_strdup_printf("%s does not support QUIC version %s: it offers %s", failure->origin,
                           version, failure->detail);
}

char *ql_failure_to_sentence(const ql_failure *failure)
{
    switch (failure->cause) {
    case QL_FAILURE_REFUSED: return refused(failure);
    case QL_FAILURE_UNREACHABLE:
        return g_strdup_printf("%s cannot be reached at %s: %s; check the network", failure->origin,
                               failure->address, failure->detail);
    case QL_FAILURE_HANDSHAKE_TIMEOUT:
        return g_strdup_printf(
            "%s did not complete the handshake within %g s at UDP %s: a firewall "
            "may drop UDP, or the server has no HTTP/3; %s waits longer",
            failure->origin, seconds(failure->limit), failure->address, failure->detail);
    case QL_FAILURE_IDLE_TIMEOUT:
        return g_strdup_printf("nothing came from %s for %g s (idle timeout): the server or the "
                               "network has gone away; try again",
                               failure->origin, seconds(failure->limit));
    case QL_FAILURE_CERTIFICATE:
        return g_strdup_printf(
            "the certificate of %s was rejected: %s; --cacert FILE names whom to "
            "trust, -k accepts any",
            failure->origin, failure->detail);
    case QL_FAILURE_VERSION: return version_refused(failure);
    case QL_FAILURE_STATELESS_RESET:
        return g_strdup_printf(
            "%s does not know this connection any more (stateless reset): it was "
            "probably restarted; try again",
            failure->origin);
    case QL_FAILURE_CLOSED_BY_PEER: return closed_by_peer(failure);
    case QL_FAILURE_FAULT_OF_PEER: return fault_of_peer(failure);
    case QL_FAILURE_LOCAL: break;
    }
    return g_strdup_printf("the connection to %s failed on this side: %s", failure->origin,
                           failure->detail);
}

bool ql_failure_may_pass(const ql_failure *failure)
{
    bool lasting =
        failure->cause == QL_FAILURE_CERTIFICATE || failure->cause == QL_FAILURE_VERSION ||
        failure->cause == QL_FAILURE_LOCAL ||
        (failure->error != NULL && (is_about_certificate(failure->error) ||
                                    is_transport_error(failure->error, NO_APPLICATION_PROTOCOL)));
    return !lasting;
}

bool ql_failure_is_of_address(const ql_failure *failure)
{
    return failure->in_handshake &&
           (failure->cause == QL_FAILURE_REFUSED || failure->cause == QL_FAILURE_UNREACHABLE ||
            failure->cause == QL_FAILURE_HANDSHAKE_TIMEOUT);
}
