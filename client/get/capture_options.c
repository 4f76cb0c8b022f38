/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_options.h"

#include <string.h>

#define FIELD(name) offsetof(ql_capture_options, name)

static const ql_option table[] = {
    { "capture", '\0', QL_OPTION_STRING, FIELD(capture), "FILE",
      "write all packets, and the secrets that open them, as pcapng; \"-\" is standard output, for "
      "wireshark -k -i -, and what has no -o then goes nowhere",
      NULL },
    { "dumpcap", '\0', QL_OPTION_STRING, FIELD(dumpcap), "INTERFACE",
      "let Wireshark's dumpcap take the capture there, of UDP with the addresses of the URLs, and "
      "add the secrets in the end",
      NULL },
    { "keys", '\0', QL_OPTION_STRING, FIELD(keys), "FILE",
      "append the TLS secrets to this log (else to $SSLKEYLOGFILE)", NULL },
    { "qlog", '\0', QL_OPTION_STRING, FIELD(qlog), "FILE|FOLDER",
      "write what the client did as qlog 0.3, for qvis; a file a connection, of which the second "
      "is "
      "FILE-2 (draft-ietf-quic-qlog-main-schema-03)",
      NULL },
    { .name = NULL },
};

ql_option_group ql_capture_options_group(ql_capture_options *options)
{
    return (ql_option_group){ "Capture and secrets", table, options };
}

void ql_capture_options_clear(ql_capture_options *options)
{
    g_free(options->capture);
    g_free(options->dumpcap);
    g_free(options->keys);
    g_free(options->qlog);
}

bool ql_capture_options_check(const ql_capture_options *options, GError **error)
{
    bool to_file = options->capture != NULL && strcmp(options->capture, "-") != 0;
    if (options->dumpcap == NULL || to_file)
        return true;
    g_set_error(error, QL_OPTIONS_ERROR, 0,
                "--dumpcap needs --capture FILE: the secrets are added when the file is complete");
    return false;
}

bool ql_capture_options_take_stdout(const ql_capture_options *options)
{
    return options->capture != NULL && strcmp(options->capture, "-") == 0;
}
