/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/tls_hello.h"

#include <string.h>

#include "model/reader.h"

#define SESSION_ID_MAX 32
#define NAME_TYPE_HOST 0 /* RFC 6066, 3 */

bool ql_tls_message_read(ql_slice stream, uint8_t *type, ql_slice *body, size_t *used)
{
    ql_reader reader = ql_reader_of(stream);
    uint8_t message_type = ql_read_u8(&reader);
    ql_slice message = ql_read_slice(&reader, ql_read_u24(&reader));

    if (reader.bad)
        return false;
    *type = message_type;
    *body = message;
    *used = stream.length - ql_reader_left(&reader);
    return true;
}

/* The extensions that tell an observer something. */
typedef enum extension_kind {
    SERVER_NAME,
    ALPN,
    PRE_SHARED_KEY,
    EARLY_DATA,
    TRANSPORT_PARAMETERS,
    DRAFT_TRANSPORT_PARAMETERS, /* up to draft 32 */
    EXTENSION_COUNT
} extension_kind;

static const struct {
    uint16_t type;
    const char *repeated;
} extension_types[EXTENSION_COUNT] = {
    [SERVER_NAME] = { 0, "server_name that is there twice (RFC 8446, 4.2)" },
    [ALPN] = { 16, "application_layer_protocol_negotiation that is there twice (RFC 8446, 4.2)" },
    [PRE_SHARED_KEY] = { 41, "pre_shared_key that is there twice (RFC 8446, 4.2)" },
    [EARLY_DATA] = { 42, "early_data that is there twice (RFC 8446, 4.2)" },
    [TRANSPORT_PARAMETERS] = { 0x39,
                               "quic_transport_parameters that are there twice (RFC 8446, 4.2)" },
    [DRAFT_TRANSPORT_PARAMETERS] = { 0xffa5, "quic_transport_parameters of a draft that are there "
                                             "twice (RFC 8446, 4.2)" },
};

typedef struct hello_extension {
    bool present;
    ql_slice body;
} hello_extension;

/* This reader and those below give NULL, or the rule that is broken. */
static const char *read_extensions(ql_slice list, hello_extension found[EXTENSION_COUNT])
{
    ql_reader reader = ql_reader_of(list);

    while (ql_reader_left(&reader) > 0) {
        uint16_t type = ql_read_u16(&reader);
        ql_slice body = ql_read_slice16(&reader);
        if (reader.bad)
            return "TLS extension that is cut short (RFC 8446, 4.2)";
        for (unsigned i = 0; i < EXTENSION_COUNT; i++) {
            if (extension_types[i].type != type)
                continue;
            if (found[i].present)
                return extension_types[i].repeated;
            found[i] = (hello_extension){ .present = true, .body = body };
        }
    }
    return NULL;
}

static void copy_name(char out[QL_TLS_NAME_MAX], ql_slice name)
{
    for (size_t i = 0; i < name.length; i++)
        out[i] = g_ascii_isprint((char)name.data[i]) ? (char)name.data[i] : '?';
    out[name.length] = '\0';
}

/* RFC 6066, 3. */
static const char *read_server_name(const hello_extension *extension, char out[QL_TLS_NAME_MAX])
{
    if (!extension->present)
        return NULL;
    ql_reader reader = ql_reader_of(extension->body);
    ql_reader list = ql_reader_of(ql_read_slice16(&reader));
    reader.bad |= ql_reader_left(&reader) > 0;
    while (ql_reader_left(&list) > 0) {
        uint8_t type = ql_read_u8(&list);
        ql_slice name = ql_read_slice16(&list);
        if (list.bad || type != NAME_TYPE_HOST || out[0] != '\0')
            continue;
        if (name.length >= QL_TLS_NAME_MAX)
            return "server_name of more than 255 bytes (RFC 6066, 3)";
        copy_name(out, name);
    }
    return reader.bad || list.bad ? "server_name that is not a list of names (RFC 6066, 3)" : NULL;
}

/* RFC 7301, 3.1. At most `max` names go into `out`; *count tells how many there are. */
static const char *read_alpn(const hello_extension *extension, char (*out)[QL_TLS_NAME_MAX],
                             unsigned max, unsigned *count)
{
    static const char malformed[] =
        "application_layer_protocol_negotiation that is not a list of names (RFC 7301, 3.1)";

    *count = 0;
    if (!extension->present)
        return NULL;
    ql_reader reader = ql_reader_of(extension->body);
    ql_reader list = ql_reader_of(ql_read_slice16(&reader));
    if (ql_reader_left(&reader) > 0 || ql_reader_left(&list) == 0)
        return malformed;
    while (ql_reader_left(&list) > 0) {
        ql_slice name = ql_read_slice8(&list);
        if (name.length == 0)
            return malformed;
        if (*count < max)
            copy_name(out[*count], name);
        ++*count;
    }
    return NULL;
}

static const char *read_parameters(const hello_extension found[EXTENSION_COUNT],
                                   ql_transport_parameters *out)
{
    const hello_extension *extension = &found[TRANSPORT_PARAMETERS];
    const char *why = NULL;

    if (!extension->present)
        extension = &found[DRAFT_TRANSPORT_PARAMETERS];
    if (extension->present)
        ql_transport_parameters_read(extension->body, out, &why);
    return why;
}

/* The first rule that is broken is the one to tell. */
static void note(const char **broken, const char *why)
{
    if (*broken == NULL)
        *broken = why;
}

static bool report(const char *broken, const char **why)
{
    if (broken != NULL)
        *why = broken;
    return broken == NULL;
}

bool ql_client_hello_read(ql_slice body, ql_client_hello *out, const char **why)
{
    ql_reader reader = ql_reader_of(body);
    hello_extension found[EXTENSION_COUNT] = { 0 };
    const char *broken = NULL;

    memset(out, 0, sizeof *out);
    ql_transport_parameters_init(&out->parameters);
    ql_read_u16(&reader); /* legacy_version */
    ql_read_bytes(&reader, out->random, sizeof out->random);
    ql_slice session_id = ql_read_slice8(&reader);
    ql_slice suites = ql_read_slice16(&reader);
    ql_slice compression = ql_read_slice8(&reader);
    ql_slice list = ql_read_slice16(&reader);
    if (reader.bad || ql_reader_left(&reader) > 0 || session_id.length > SESSION_ID_MAX ||
        suites.length == 0 || suites.length % 2 != 0 || compression.length == 0)
        return report("ClientHello whose lengths do not fit (RFC 8446, 4.1.2)", why);

    note(&broken, read_extensions(list, found));
    note(&broken, read_server_name(&found[SERVER_NAME], out->server_name));
    note(&broken, read_alpn(&found[ALPN], out->alpn, QL_TLS_ALPN_MAX, &out->alpn_count));
    out->alpn_count = MIN(out->alpn_count, QL_TLS_ALPN_MAX);
    note(&broken, read_parameters(found, &out->parameters));
    out->early_data = found[EARLY_DATA].present;
    out->pre_shared_key = found[PRE_SHARED_KEY].present;
    return report(broken, why);
}

bool ql_server_hello_read(ql_slice body, ql_server_hello *out, const char **why)
{
    /* SHA-256 of "HelloRetryRequest" */
    static const uint8_t retry_random[QL_CLIENT_RANDOM_LENGTH] = {
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
        0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
        0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    };
    ql_reader reader = ql_reader_of(body);
    hello_extension found[EXTENSION_COUNT] = { 0 };

    memset(out, 0, sizeof *out);
    ql_read_u16(&reader); /* legacy_version */
    ql_read_bytes(&reader, out->random, sizeof out->random);
    ql_slice session_id = ql_read_slice8(&reader);
    out->cipher_suite = ql_read_u16(&reader);
    ql_read_u8(&reader); /* legacy_compression_method */
    ql_slice list = ql_read_slice16(&reader);
    out->hello_retry_request = memcmp(out->random, retry_random, sizeof retry_random) == 0;
    if (reader.bad || ql_reader_left(&reader) > 0 || session_id.length > SESSION_ID_MAX)
        return report("ServerHello whose lengths do not fit (RFC 8446, 4.1.3)", why);

    const char *broken = read_extensions(list, found);
    out->pre_shared_key = found[PRE_SHARED_KEY].present;
    return report(broken, why);
}

bool ql_encrypted_extensions_read(ql_slice body, ql_encrypted_extensions *out, const char **why)
{
    ql_reader reader = ql_reader_of(body);
    hello_extension found[EXTENSION_COUNT] = { 0 };
    const char *broken = NULL;
    unsigned alpn_count;

    memset(out, 0, sizeof *out);
    ql_transport_parameters_init(&out->parameters);
    ql_slice list = ql_read_slice16(&reader);
    if (reader.bad || ql_reader_left(&reader) > 0)
        return report("EncryptedExtensions whose lengths do not fit (RFC 8446, 4.3.1)", why);

    note(&broken, read_extensions(list, found));
    note(&broken, read_alpn(&found[ALPN], &out->alpn, 1, &alpn_count));
    if (alpn_count > 1)
        note(&broken, "application_layer_protocol_negotiation of a server with more than one name "
                      "(RFC 7301, 3.1)");
    note(&broken, read_parameters(found, &out->parameters));
    out->early_data = found[EARLY_DATA].present;
    return report(broken, why);
}
