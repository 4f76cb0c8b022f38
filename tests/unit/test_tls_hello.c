/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/tls_hello.h"

#include "assert_bytes.h"
#include "hex.h"
#include "quic_samples.h"

#define RANDOM       "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define RETRY_RANDOM "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
#define CRYPTO_FRAME 4 /* bytes of the CRYPTO frame ahead of the samples' ClientHello */
#define SERVER_ACK   5 /* bytes of the ACK frame ahead of the samples' ServerHello */

/* Extensions, with their length ahead. */
static char *list_of(const char *extensions)
{
    g_autoptr(GBytes) bytes = hex(extensions);

    return g_strdup_printf("%04x %s", (unsigned)g_bytes_get_size(bytes), extensions);
}

/* A copy of its exact length shows a read beyond the end. */
static uint8_t *exact_copy(const char *text, size_t *length)
{
    g_autoptr(GBytes) bytes = hex(text);

    *length = g_bytes_get_size(bytes);
    return g_memdup2(slice_of(bytes).data, *length);
}

static bool read_client(const char *extensions, ql_client_hello *out, const char **why)
{
    g_autofree char *list = list_of(extensions);
    g_autofree char *text = g_strconcat("0303" RANDOM "00 0004 1301 1302 01 00", list, NULL);
    size_t length;
    g_autofree uint8_t *body = exact_copy(text, &length);

    return ql_client_hello_read((ql_slice){ body, length }, out, why);
}

static bool read_server(const char *random, const char *extensions, ql_server_hello *out,
                        const char **why)
{
    g_autofree char *list = list_of(extensions);
    g_autofree char *text = g_strconcat("0303", random, "02 aabb 1303 00", list, NULL);
    size_t length;
    g_autofree uint8_t *body = exact_copy(text, &length);

    return ql_server_hello_read((ql_slice){ body, length }, out, why);
}

static bool read_encrypted(const char *extensions, ql_encrypted_extensions *out, const char **why)
{
    g_autofree char *list = list_of(extensions);
    size_t length;
    g_autofree uint8_t *body = exact_copy(list, &length);

    return ql_encrypted_extensions_read((ql_slice){ body, length }, out, why);
}

static void test_samples(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(GBytes) crypto = hex(samples[i].client_crypto);
        ql_slice stream = { slice_of(crypto).data + CRYPTO_FRAME,
                            slice_of(crypto).length - CRYPTO_FRAME };
        ql_client_hello hello;
        ql_slice body;
        size_t used;
        uint8_t type;
        const char *why = NULL;

        g_assert_true(ql_tls_message_read(stream, &type, &body, &used));
        g_assert_cmpuint(type, ==, QL_TLS_CLIENT_HELLO);
        g_assert_cmpuint(used, ==, stream.length);
        g_assert_true(ql_client_hello_read(body, &hello, &why));
        g_assert_cmphex(hello.random[0], ==, 0xeb);
        g_assert_cmpstr(hello.server_name, ==, "example.com");
        g_assert_cmpuint(hello.alpn_count, ==, 1);
        g_assert_cmpstr(hello.alpn[0], ==, "alpn");
        g_assert_false(hello.early_data);
        g_assert_false(hello.pre_shared_key);
        g_assert_true(hello.parameters.present);
        g_assert_cmpuint(hello.parameters.max_idle_timeout_ms, ==, 30000);
        g_assert_true(hello.parameters.has_initial_scid);
    }
}

static void test_sample_server_hello(void)
{
    g_autoptr(GBytes) payload = hex(SAMPLE_SERVER_PAYLOAD);
    size_t skipped = SERVER_ACK + CRYPTO_FRAME;
    ql_slice stream = { slice_of(payload).data + skipped, slice_of(payload).length - skipped };
    ql_server_hello hello;
    ql_slice body;
    size_t used;
    uint8_t type;
    const char *why = NULL;

    g_assert_true(ql_tls_message_read(stream, &type, &body, &used));
    g_assert_cmpuint(type, ==, QL_TLS_SERVER_HELLO);
    g_assert_true(ql_server_hello_read(body, &hello, &why));
    g_assert_cmphex(hello.cipher_suite, ==, 0x1301);
    g_assert_cmphex(hello.random[0], ==, 0xee);
    g_assert_false(hello.hello_retry_request);
    g_assert_false(hello.pre_shared_key);
}

static void test_messages(void)
{
    static const uint8_t stream[] = { 8, 0, 0, 2, 'a', 'b', 20, 0, 0, 0, 11, 0, 0, 1 };
    ql_slice left = { stream, sizeof stream }, body;
    size_t used = 0;
    uint8_t type = 0;

    g_assert_true(ql_tls_message_read(left, &type, &body, &used));
    g_assert_cmpuint(type, ==, QL_TLS_ENCRYPTED_EXTENSIONS);
    assert_bytes(body.data, body.length, "ab", 2);
    g_assert_cmpuint(used, ==, 6);
    left = (ql_slice){ left.data + used, left.length - used };
    g_assert_true(ql_tls_message_read(left, &type, &body, &used));
    g_assert_cmpuint(type, ==, QL_TLS_FINISHED);
    g_assert_cmpuint(body.length, ==, 0);
    left = (ql_slice){ left.data + used, left.length - used };
    for (size_t length = 0; length <= left.length; length++)
        g_assert_false(ql_tls_message_read((ql_slice){ left.data, length }, &type, &body, &used));
    g_assert_cmpuint(type, ==, QL_TLS_FINISHED);
}

static void test_client_hello(void)
{
    ql_client_hello hello;
    const char *why = NULL;

    g_assert_true(read_client("0a0a 0000"
                              "0000 000e 000c 00 0009 6c6f63616c686f7374"
                              "0010 000b 0009 02 6833 05 68332d3239"
                              "0039 0003 04 01 07 002a 0000 0029 0001 00",
                              &hello, &why));
    g_assert_cmpstr(hello.server_name, ==, "localhost");
    g_assert_cmpuint(hello.alpn_count, ==, 2);
    g_assert_cmpstr(hello.alpn[0], ==, "h3");
    g_assert_cmpstr(hello.alpn[1], ==, "h3-29");
    g_assert_true(hello.early_data);
    g_assert_true(hello.pre_shared_key);
    g_assert_cmpuint(hello.parameters.initial_max_data, ==, 7);
    g_assert_cmphex(hello.random[31], ==, 0xbf);

    g_assert_true(read_client("", &hello, &why));
    g_assert_cmpstr(hello.server_name, ==, "");
    g_assert_cmpuint(hello.alpn_count, ==, 0);
    g_assert_false(hello.parameters.present);
    g_assert_cmpuint(hello.parameters.max_udp_payload_size, ==, 65527);
}

static void test_drafts_parameters(void)
{
    ql_client_hello hello;
    const char *why = NULL;

    g_assert_true(read_client("ffa5 0003 04 01 07", &hello, &why));
    g_assert_cmpuint(hello.parameters.initial_max_data, ==, 7);
    g_assert_true(read_client("ffa5 0003 04 01 07 0039 0003 04 01 09", &hello, &why));
    g_assert_cmpuint(hello.parameters.initial_max_data, ==, 9);
}

static void test_names(void)
{
    g_autoptr(GString) longest = g_string_new("0000 0104 0102 00 00ff");
    g_autoptr(GString) too_long = g_string_new("0000 0105 0103 00 0100");
    ql_client_hello hello;
    const char *why = NULL;

    g_assert_true(read_client("0000 0009 0007 00 0004 61000aff", &hello, &why));
    g_assert_cmpstr(hello.server_name, ==, "a???");

    for (unsigned i = 0; i < 255; i++)
        g_string_append(longest, "61");
    g_assert_true(read_client(longest->str, &hello, &why));
    g_assert_cmpuint(strlen(hello.server_name), ==, 255);

    for (unsigned i = 0; i < 256; i++)
        g_string_append(too_long, "61");
    g_assert_false(read_client(too_long->str, &hello, &why));
    g_assert_cmpstr(why, ==, "server_name of more than 255 bytes (RFC 6066, 3)");

    /* The ninth is long enough to show if it is written anywhere. */
    g_autoptr(GString) nine =
        g_string_new("0010 010f 010d 0161 0162 0163 0164 0165 0166 0167 0168 fc");
    for (unsigned i = 0; i < 252; i++)
        g_string_append(nine, "69");
    g_assert_true(read_client(nine->str, &hello, &why));
    g_assert_cmpuint(hello.alpn_count, ==, QL_TLS_ALPN_MAX);
    g_assert_cmpstr(hello.alpn[7], ==, "h");
    g_assert_cmpuint(hello.parameters.max_udp_payload_size, ==, 65527);
}

/* What is broken is told, and does not hide what is not. */
static void test_broken_extensions(void)
{
    static const struct {
        const char *broken, *why;
    } cases[] = {
        { "0010 0000", "application_layer_protocol_negotiation that is not a list of names (RFC "
                       "7301, 3.1)" },
        { "0010 0003 0001 00", "application_layer_protocol_negotiation that is not a list of names "
                               "(RFC 7301, 3.1)" },
        { "0010 0005 0003 05 6161", "application_layer_protocol_negotiation that is not a list of "
                                    "names (RFC 7301, 3.1)" },
        { "0010 0005 0002 01 61 00", "application_layer_protocol_negotiation that is not a list of "
                                     "names (RFC 7301, 3.1)" },
        { "0039 0003 04 01 40", "initial_max_data that is not one integer (RFC 9000, 18.2)" },
        { "002a 0000 002a 0000", "early_data that is there twice (RFC 8446, 4.2)" },
        { "ffff 0001", "TLS extension that is cut short (RFC 8446, 4.2)" },
        { "ff", "TLS extension that is cut short (RFC 8446, 4.2)" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *extensions =
            g_strconcat("0000 000e 000c 00 0009 6c6f63616c686f7374", cases[i].broken, NULL);
        ql_client_hello hello;
        const char *why = NULL;

        g_assert_false(read_client(extensions, &hello, &why));
        g_assert_cmpstr(why, ==, cases[i].why);
        g_assert_cmphex(hello.random[0], ==, 0xa0);
        g_assert_cmpstr(hello.server_name, ==, "localhost");
    }
}

/* RFC 6066, 3: other types may come, and the name of a host once. */
static void test_lists_of_server_names(void)
{
    ql_client_hello hello;
    const char *why = NULL;

    g_assert_true(read_client("0000 000e 000c 01 0001 62 00 0001 61 00 0001 63", &hello, &why));
    g_assert_cmpstr(hello.server_name, ==, "a");
}

static void test_broken_server_names(void)
{
    static const char *const lists[] = { "0000 0000", "0000 0001 00", "0000 0005 0004 00 0001",
                                         "0000 0007 0004 00 0001 61 00" };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        ql_client_hello hello;
        const char *why = NULL;

        g_assert_false(read_client(lists[i], &hello, &why));
        g_assert_cmpstr(why, ==, "server_name that is not a list of names (RFC 6066, 3)");
    }
}

static void test_broken_bodies(void)
{
    static const char *const bodies[] = {
        "",
        "0303" RANDOM "21" RANDOM "00 0002 1301 01 00 0000", /* a session ID of 33 bytes */
        "0303" RANDOM "00 0000 01 00 0000",                  /* no suite */
        "0303" RANDOM "00 0003 130100 01 00 0000",           /* half a suite */
        "0303" RANDOM "00 0002 1301 00 0000",                /* no compression method */
        "0303" RANDOM "00 0002 1301 01 00 0000 00",          /* something behind it */
        "0303" RANDOM "00 0002 1301 01 00 0001",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        size_t length;
        g_autofree uint8_t *body = exact_copy(bodies[i], &length);
        ql_client_hello hello;
        const char *why = NULL;

        g_assert_false(ql_client_hello_read((ql_slice){ body, length }, &hello, &why));
        g_assert_cmpstr(why, ==, "ClientHello whose lengths do not fit (RFC 8446, 4.1.2)");
        g_assert_cmphex(hello.random[0], ==, i == 0 ? 0 : 0xa0);
    }
}

static void test_server_hello(void)
{
    ql_server_hello hello;
    const char *why = NULL;

    g_assert_true(read_server(RANDOM, "002b 0002 0304 0029 0002 0000", &hello, &why));
    g_assert_cmphex(hello.cipher_suite, ==, 0x1303);
    g_assert_false(hello.hello_retry_request);
    g_assert_true(hello.pre_shared_key);
    g_assert_true(read_server(RETRY_RANDOM, "002b 0002 0304", &hello, &why));
    g_assert_true(hello.hello_retry_request);
    g_assert_false(hello.pre_shared_key);
    g_assert_false(read_server(RANDOM, "002b 0003 0304", &hello, &why));
    g_assert_cmpstr(why, ==, "TLS extension that is cut short (RFC 8446, 4.2)");
    g_assert_cmphex(hello.cipher_suite, ==, 0x1303);
}

static void test_encrypted_extensions(void)
{
    ql_encrypted_extensions extensions;
    const char *why = NULL;

    g_assert_true(
        read_encrypted("0010 0005 0003 02 6833 002a 0000 0039 0003 04 01 07", &extensions, &why));
    g_assert_cmpstr(extensions.alpn, ==, "h3");
    g_assert_true(extensions.early_data);
    g_assert_cmpuint(extensions.parameters.initial_max_data, ==, 7);
    g_assert_true(read_encrypted("", &extensions, &why));
    g_assert_cmpstr(extensions.alpn, ==, "");
    g_assert_false(extensions.early_data);
    g_assert_false(extensions.parameters.present);
    g_assert_false(ql_encrypted_extensions_read((ql_slice){ NULL, 0 }, &extensions, &why));
    g_assert_cmpstr(why, ==, "EncryptedExtensions whose lengths do not fit (RFC 8446, 4.3.1)");

    g_autoptr(GString) two = g_string_new("0010 0101 00ff 02 6833 fb");
    for (unsigned i = 0; i < 251; i++)
        g_string_append(two, "69");
    g_assert_false(read_encrypted(two->str, &extensions, &why));
    g_assert_cmpstr(why, ==,
                    "application_layer_protocol_negotiation of a server with more than "
                    "one name (RFC 7301, 3.1)");
    g_assert_cmpstr(extensions.alpn, ==, "h3");
    g_assert_cmpuint(extensions.parameters.max_udp_payload_size, ==, 65527);

    static const uint8_t with_more[] = { 0, 0, 0 };
    g_assert_false(
        ql_encrypted_extensions_read((ql_slice){ with_more, sizeof with_more }, &extensions, &why));
    g_assert_cmpstr(why, ==, "EncryptedExtensions whose lengths do not fit (RFC 8446, 4.3.1)");
}

static void test_broken_server_hellos(void)
{
    static const char *const bodies[] = {
        "0303" RANDOM "00 1301 00 0000 00",          /* something behind it */
        "0303" RANDOM "00 1301 00 0001",             /* extensions beyond the end */
        "0303" RANDOM "21" RANDOM "00 1301 00 0000", /* a session ID of 33 bytes */
        "0303",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        size_t length;
        g_autofree uint8_t *body = exact_copy(bodies[i], &length);
        ql_server_hello hello;
        const char *why = NULL;

        g_assert_false(ql_server_hello_read((ql_slice){ body, length }, &hello, &why));
        g_assert_cmpstr(why, ==, "ServerHello whose lengths do not fit (RFC 8446, 4.1.3)");
        g_assert_false(hello.hello_retry_request || hello.pre_shared_key);
    }
}

/* As browsers send it, and servers send it back. */
static void test_longest_session_id(void)
{
    size_t client_length, server_length;
    g_autofree uint8_t *client_body =
        exact_copy("0303" RANDOM "20" RANDOM "0002 1301 01 00 0000", &client_length);
    g_autofree uint8_t *server_body =
        exact_copy("0303" RANDOM "20" RANDOM "1301 00 0000", &server_length);
    ql_client_hello client;
    ql_server_hello server;
    const char *why = NULL;

    g_assert_true(ql_client_hello_read((ql_slice){ client_body, client_length }, &client, &why));
    g_assert_true(ql_server_hello_read((ql_slice){ server_body, server_length }, &server, &why));
    g_assert_cmphex(server.cipher_suite, ==, 0x1301);
}

static void test_every_truncation(void)
{
    g_autoptr(GBytes) crypto = hex(samples[0].client_crypto);
    ql_slice whole = { slice_of(crypto).data + CRYPTO_FRAME + 4,
                       slice_of(crypto).length - CRYPTO_FRAME - 4 };

    for (size_t length = 0; length < whole.length; length++) {
        g_autofree uint8_t *copy = g_memdup2(whole.data, length);
        ql_client_hello hello;
        const char *why = NULL;

        g_assert_false(ql_client_hello_read((ql_slice){ copy, length }, &hello, &why));
        g_assert_nonnull(why);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tls hello/the sample ClientHellos are read", test_samples);
    g_test_add_func("/tls hello/the sample ServerHello is read", test_sample_server_hello);
    g_test_add_func("/tls hello/messages follow one another", test_messages);
    g_test_add_func("/tls hello/a ClientHello tells what an observer needs", test_client_hello);
    g_test_add_func("/tls hello/parameters of drafts have another code", test_drafts_parameters);
    g_test_add_func("/tls hello/names are printable and short enough", test_names);
    g_test_add_func("/tls hello/a broken extension hides no other", test_broken_extensions);
    g_test_add_func("/tls hello/the first name of a host counts", test_lists_of_server_names);
    g_test_add_func("/tls hello/a server_name is a list", test_broken_server_names);
    g_test_add_func("/tls hello/a ClientHello has the lengths that it announces",
                    test_broken_bodies);
    g_test_add_func("/tls hello/a ServerHello tells the suite, resumption and retry",
                    test_server_hello);
    g_test_add_func("/tls hello/a ServerHello has the lengths that it announces",
                    test_broken_server_hellos);
    g_test_add_func("/tls hello/a session ID has up to 32 bytes", test_longest_session_id);
    g_test_add_func("/tls hello/EncryptedExtensions tell the protocol", test_encrypted_extensions);
    g_test_add_func("/tls hello/no truncation reads beyond the end", test_every_truncation);
    return g_test_run();
}
