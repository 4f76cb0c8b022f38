/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "serve_options.h"

#include "endpoint.h"
#include "options.h"
#include "origin_sockets.h"
#include "quic_options.h"
#include "text.h"

#include <inttypes.h>

#define DEFAULT_LISTEN "127.0.0.1:4433"
#define CID_BYTES_MIN  4 /* so that chance does not give one of them twice */

static gboolean take_version(const char *name, const char *value, void *record, GError **error)
{
    ql_serve_options *options = record;
    if (ql_quic_version_parse(value, &options->quic.version) &&
        ql_quic_version_is_known(options->quic.version))
        return TRUE;
    return ql_options_refuse(name, value, "v1 or v2 is expected", error);
}

static gboolean take_retire(const char *name, const char *value, void *record, GError **error)
{
    return ql_trigger_parse(name, value, &((ql_serve_options *)record)->retire, error);
}

static gboolean take_misbehaviour(const char *name, const char *value, void *record, GError **error)
{
    ql_serve_options *options = record;
    const ql_origin_misbehaviour *known;
    options->misbehaviour = ql_origin_misbehaviour_find(value);
    if (options->misbehaviour != NULL)
        return TRUE;
    g_autoptr(GString) names = g_string_new("one of these is expected: ");
    for (size_t i = 0; (known = ql_origin_misbehaviour_at(i)) != NULL; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", known->name);
    return ql_options_refuse(name, value, names->str, error);
}

#define FIELD(name) offsetof(ql_serve_options, name)

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const ql_option origin_table[] = {
    { "listen", 'l', QL_OPTION_STRINGS, FIELD(listen), "ADDR:PORT",
      "where to listen (default " DEFAULT_LISTEN "; port 0: any that is free); may be given often",
      NULL },
    { "alpn", '\0', QL_OPTION_STRING, FIELD(alpn), "NAME,...",
      "what to speak, the best first: h3 (default) and hq-interop (RFC 9001, 8.1)", NULL },
    { "goaway-after", '\0', QL_OPTION_NUMBER, FIELD(goaway_after), "N",
      "end each connection by GOAWAY with its Nth request (RFC 9114, 5.2)", NULL },
    { "max-connections", '\0', QL_OPTION_NUMBER, FIELD(max_connections), "N",
      "refuse clients while so many connections are open; 1024 if not given (RFC 9000, 5.2.2)",
      NULL },
    { "silent", 's', QL_OPTION_FLAG, FIELD(silent), NULL, "do not print a line a request", NULL },
    END,
};

static const ql_option tls_table[] = {
    { "cert", 'E', QL_OPTION_STRING, FIELD(certificate), "FILE",
      "a certificate (PEM), and those behind it, instead of one of its own making", NULL },
    { "key", '\0', QL_OPTION_STRING, FIELD(key), "FILE", "its key (PEM)", NULL },
    { "client-ca", '\0', QL_OPTION_STRING, FIELD(client_ca), "FILE",
      "let in who has a certificate of these authorities (PEM) only (RFC 8446, 4.3.2)", NULL },
    { "reject-early-data", '\0', QL_OPTION_FLAG, FIELD(reject_early_data), NULL,
      "give tickets for 0-RTT, but reject what comes with them (RFC 9001, 4.6.2)", NULL },
    END,
};

static const ql_option quic_table[] = {
    { "retry", '\0', QL_OPTION_FLAG, FIELD(retry), NULL,
      "answer a client without a token by Retry (RFC 9000, 8.1.2)", NULL },
    { "quic-version", '\0', QL_OPTION_CALL, 0, "v1|v2",
      "go on in that version where the client has it, too (RFC 9368, 2.3)", take_version },
    { "idle-timeout", '\0', QL_OPTION_SECONDS, FIELD(idle_timeout), "SECONDS",
      "end a connection on which nothing comes for so long, 30 if not given (RFC 9000, 10.1)",
      NULL },
    { "zero-length-cid", '\0', QL_OPTION_FLAG, FIELD(zero_length_cid), NULL,
      "have no connection IDs, and know clients by their addresses (RFC 9000, 5.1)", NULL },
    { "preferred-address", '\0', QL_OPTION_STRINGS, FIELD(preferred), "ADDR:PORT",
      "listen there, too, and have clients move there; one of IPv4, one of IPv6 (RFC 9000, 9.6)",
      NULL },
    { "retire-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "have the client retire all connection IDs but the newest after so much content (200k) or "
      "time (300ms) (RFC 9000, 5.1.2)",
      take_retire },
    END,
};

static const ql_option fault_table[] = {
    { "misbehave", '\0', QL_OPTION_CALL, 0, "KIND",
      "do one thing wrong on purpose, such as data-first, bad-qpack, too-little-content, silence, "
      "flow-control, wrong-alpn; \"list\" names all (RFC 9114, 8.1)",
      take_misbehaviour },
    END,
};

static const ql_option capture_table[] = {
    { "capture", '\0', QL_OPTION_STRING, FIELD(capture), "FILE",
      "write all packets of all clients, and the secrets that open them, as pcapng; \"-\" is "
      "standard output, for wireshark -k -i -",
      NULL },
    { "keys", '\0', QL_OPTION_STRING, FIELD(keys), "FILE",
      "append the TLS secrets of all connections to this log (else to $SSLKEYLOGFILE)", NULL },
    { "qlog", '\0', QL_OPTION_STRING, FIELD(qlog), "FOLDER|FILE",
      "write what the server did as qlog 0.3, for qvis, a file a connection "
      "(draft-ietf-quic-qlog-main-schema-03)",
      NULL },
    END,
};

static bool refuse(GError **error, const char *message)
{
    g_set_error_literal(error, QL_OPTIONS_ERROR, 0, message);
    return false;
}

/* At least 1 where it is given; it is 0 if not. */
static bool check_count(const char *name, int64_t *count, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" PRId64, *count);
    if (*count == 0 || *count > INT32_MAX)
        return ql_options_refuse(name, text, "1 to 2147483647 is expected", error);
    *count = MAX(*count, 0);
    return true;
}

static bool check(ql_serve_options *options, GError **error)
{
    if (!check_count("--max-connections", &options->max_connections, error) ||
        !check_count("--goaway-after", &options->goaway_after, error))
        return false;
    if ((options->certificate == NULL) != (options->key == NULL))
        return refuse(error, "--cert and --key belong together");
    size_t length = ql_quic_settings_cid_length(&options->quic);
    bool none = options->zero_length_cid || length == 0;
    if (options->zero_length_cid && length > 0 && options->quic.has_cid_length)
        return refuse(error, "--cid-length and --zero-length-cid exclude each other");
    if (length > 0 && length < CID_BYTES_MIN)
        return refuse(error, "bad value of --cid-length: a server's have 4 to 20 bytes, or none");
    if (none && options->retry)
        return refuse(error, "--retry needs connection IDs, --zero-length-cid has none");
    if (none && (ql_trigger_is_set(&options->retire) || options->preferred != NULL))
        return refuse(error, "--retire-after and --preferred-address need connection IDs, "
                             "--zero-length-cid has none");
    return true;
}

bool ql_serve_options_parse(ql_serve_options *options, int argc, char **argv, GError **error)
{
    static const char summary[] =
        "Serves the files of DIR, or some built-in pages, over HTTP/3, with a certificate of its "
        "own\nmaking. A small origin for lessons, which does what the other side of a lesson has "
        "to: it is no\nserver for the world.\n\n"
        "Without DIR a path can say what the answer is to be like, in any combination:\n"
        "    /status/503 /bytes/200k /headers /mirror /redirect/3 /early-hints /delay/300ms\n"
        "    /slow/10k /reset/5000 /trailers /gzip /br /zstd, such as "
        "/delay/1s/status/404/trailers\n"
        "WebSockets (RFC 9220) and datagrams (RFC 9297) come back as they came.";
    *options = (ql_serve_options){ .max_connections = -1, .goaway_after = -1 };
    const ql_option_group groups[] = {
        { "Origin", origin_table, options },
        { "TLS", tls_table, options },
        { "QUIC", quic_table, options },
        { "QUIC: flow control", ql_flow_option_table, &options->quic },
        { "QUIC: recovery and datagrams", ql_recovery_option_table, &options->quic },
        { "QUIC: keys and numbers", ql_number_option_table, &options->quic },
        { "Faults", fault_table, options },
        { "Capture and secrets", capture_table, options },
        { NULL, NULL, NULL },
    };
    g_auto(GStrv) words = ql_options_parse(groups, argc, argv, "[DIR]", summary, error);
    if (words == NULL)
        return false;
    if (g_strv_length(words) > 1) {
        g_autofree char *shown = ql_text_escape(words[1]);
        g_set_error(error, QL_OPTIONS_ERROR, 0, "one DIR can be served, \"%s\" is one too many",
                    shown);
        return false;
    }
    options->folder = g_strdup(words[0]);
    return check(options, error);
}

void ql_serve_options_clear(ql_serve_options *options)
{
    g_strfreev(options->listen);
    g_strfreev(options->preferred);
    g_free(options->folder);
    g_free(options->certificate);
    g_free(options->key);
    g_free(options->alpn);
    g_free(options->client_ca);
    g_free(options->keys);
    g_free(options->capture);
    g_free(options->qlog);
    *options = (ql_serve_options){ .listen = NULL };
}

GArray *ql_serve_options_addresses(const ql_serve_options *options, GError **error)
{
    static char usual[] = DEFAULT_LISTEN;
    char *const fallback[] = { usual, NULL };
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(ql_address));
    for (char *const *text = options->listen != NULL ? options->listen : fallback; *text != NULL;
         text++) {
        ql_address address;
        if (!ql_endpoint_parse("--listen", *text, 0, &address, error))
            return NULL;
        g_array_append_val(addresses, address);
    }
    return g_steal_pointer(&addresses);
}

static bool parse_preferred(const ql_serve_options *options, ql_origin_quic_settings *quic,
                            GError **error)
{
    static const char name[] = "--preferred-address";
    for (char **text = options->preferred; text != NULL && *text != NULL; text++) {
        ql_address address;
        if (!ql_endpoint_parse(name, *text, 0, &address, error))
            return false;
        ql_address *place =
            address.storage.ss_family == AF_INET6 ? &quic->preferred_v6 : &quic->preferred_v4;
        if (place->length > 0) {
            g_set_error(error, QL_OPTIONS_ERROR, 0, "%s %s: there is one of that family already",
                        name, *text);
            return false;
        }
        *place = address;
    }
    return true;
}

bool ql_serve_options_quic(const ql_serve_options *options, ql_origin_quic_settings *quic,
                           GError **error)
{
    *quic = (ql_origin_quic_settings){
        .common = options->quic,
        .retry = options->retry,
        .retire = options->retire,
        .idle_timeout = (ngtcp2_duration)(options->idle_timeout * (double)NGTCP2_SECONDS),
    };
    quic->common.has_cid_length |= options->zero_length_cid != FALSE;
    return parse_preferred(options, quic, error);
}
