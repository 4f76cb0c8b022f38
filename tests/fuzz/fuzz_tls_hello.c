/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of handshake messages, each read as all three kinds. */
#include "fuzz.h"

#include <string.h>

#include "model/tls_hello.h"

static void check_name(const char name[QL_TLS_NAME_MAX])
{
    g_assert(memchr(name, '\0', QL_TLS_NAME_MAX) != NULL);
    for (; *name != '\0'; name++)
        g_assert(g_ascii_isprint(*name));
}

static void check_body(ql_slice body)
{
    ql_client_hello client;
    ql_server_hello server;
    ql_encrypted_extensions extensions;
    const char *why = NULL;

    g_assert(ql_client_hello_read(body, &client, &why) == (why == NULL));
    check_name(client.server_name);
    g_assert(client.alpn_count <= QL_TLS_ALPN_MAX);
    for (unsigned i = 0; i < client.alpn_count; i++)
        check_name(client.alpn[i]);

    why = NULL;
    g_assert(ql_server_hello_read(body, &server, &why) == (why == NULL));
    why = NULL;
    g_assert(ql_encrypted_extensions_read(body, &extensions, &why) == (why == NULL));
    check_name(extensions.alpn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ql_slice stream = { data, size }, body;
    uint8_t type;
    size_t used;

    while (ql_tls_message_read(stream, &type, &body, &used)) {
        assert_within(body, stream);
        check_body(body);
        stream.data += used;
        stream.length -= used;
    }
    return 0;
}
