/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/handshake.h"

#include <string.h>

#include "model/connection.h"
#include "model/reassembly.h"

/* legacy_version and random lead a ClientHello (RFC 8446, 4.1.2). */
#define HELLO_RANDOM_END (2u + QL_CLIENT_RANDOM_LENGTH)

/* CRYPTO bytes of one side at one level. */
typedef struct flight {
    ql_reassembly reassembly;
    GByteArray *text; /* in order, not yet looked at */
    bool broken;      /* what follows makes no sense any more */
} flight;

struct ql_handshake {
    ql_connection_facts *facts;
    ql_journal *journal;
    uint64_t kept;        /* by all reassemblies */
    flight flights[2][2]; /* by level, by sender */
    bool offered_early_data;
};

static void flight_init(ql_handshake *h, flight *f)
{
    ql_reassembly_init(&f->reassembly, &h->kept);
    f->text = g_byte_array_new();
    f->broken = false;
}

static void flight_clear(flight *f)
{
    ql_reassembly_clear(&f->reassembly);
    g_byte_array_free(f->text, TRUE);
}

ql_handshake *ql_handshake_new(struct ql_connection_facts *facts, struct ql_journal *journal)
{
    ql_handshake *h = g_new0(ql_handshake, 1);
    h->facts = facts;
    h->journal = journal;
    for (int level = 0; level < 2; level++)
        for (int side = 0; side < 2; side++)
            flight_init(h, &h->flights[level][side]);
    return h;
}

void ql_handshake_free(ql_handshake *h)
{
    if (h == NULL)
        return;
    for (int level = 0; level < 2; level++)
        for (int side = 0; side < 2; side++)
            flight_clear(&h->flights[level][side]);
    g_free(h);
}

void ql_handshake_restart(ql_handshake *h)
{
    for (int side = 0; side < 2; side++) {
        flight_clear(&h->flights[0][side]);
        flight_init(h, &h->flights[0][side]);
    }
}

static unsigned learn_alpn(ql_connection_facts *facts, const char *alpn)
{
    if (alpn[0] == '\0' || strcmp(facts->alpn, alpn) == 0)
        return 0;
    g_strlcpy(facts->alpn, alpn, sizeof facts->alpn);
    return QL_NEWS_ALPN;
}

static bool offers_only_http3(const ql_client_hello *hello)
{
    for (unsigned i = 0; i < hello->alpn_count; i++)
        if (!g_str_has_prefix(hello->alpn[i], "h3"))
            return false;
    return hello->alpn_count > 0;
}

/* One that breaks a rule has the random all the same, on which the secrets hang; its transport
 * parameters may lack what came behind the fault. */
static unsigned on_client_hello(ql_handshake *h, const ql_client_hello *hello, bool sound)
{
    ql_connection_facts *facts = h->facts;
    unsigned news = 0;
    if (!facts->has_client_random ||
        memcmp(facts->client_random, hello->random, sizeof facts->client_random) != 0)
        news |= QL_NEWS_CLIENT_RANDOM;
    facts->has_client_random = true;
    memcpy(facts->client_random, hello->random, sizeof facts->client_random);
    g_strlcpy(facts->server_name, hello->server_name, sizeof facts->server_name);
    if (hello->parameters.present && sound) {
        facts->parameters[QL_CLIENT] = hello->parameters;
        news |= QL_NEWS_CLIENT_PARAMETERS;
    }
    h->offered_early_data = hello->early_data;
    /* What is offered alone will be what is agreed on; 0-RTT needs to know before the server has
     * spoken. */
    if (hello->alpn_count == 1 || offers_only_http3(hello))
        news |= learn_alpn(facts, hello->alpn[0]);
    return news;
}

static unsigned on_encrypted_extensions(ql_handshake *h, const ql_encrypted_extensions *extensions,
                                        bool sound)
{
    ql_connection_facts *facts = h->facts;
    unsigned news = learn_alpn(facts, extensions->alpn);
    if (extensions->parameters.present && sound) {
        facts->parameters[QL_SERVER] = extensions->parameters;
        news |= QL_NEWS_SERVER_PARAMETERS;
    }
    if (h->offered_early_data) {
        facts->early_data_accepted = extensions->early_data;
        facts->early_data_rejected = !extensions->early_data;
        if (!extensions->early_data)
            news |= QL_NEWS_EARLY_DATA_REJECTED;
    }
    return news;
}

static void tell_client_hello(ql_handshake *h, const ql_client_hello *hello, uint32_t frame)
{
    GString *alpn = g_string_new(NULL);
    for (unsigned i = 0; i < hello->alpn_count; i++)
        g_string_append_printf(alpn, "%s%s", i > 0 ? ", " : "", hello->alpn[i]);
    ql_journal_say(h->journal, frame, "RFC 8446, 4.1.2",
                   "ClientHello: the client asks for %s and offers to speak %s%s%s",
                   hello->server_name[0] != '\0' ? hello->server_name : "no server by name",
                   alpn->len > 0 ? alpn->str : "nothing in particular",
                   hello->pre_shared_key ? "; it resumes an earlier session" : "",
                   hello->early_data ? " and sends requests at once (0-RTT)" : "");
    g_string_free(alpn, TRUE);
}

static void tell_server_hello(ql_handshake *h, const ql_server_hello *hello, uint32_t frame)
{
    ql_suite suite;
    const char *name =
        ql_suite_from_tls(hello->cipher_suite, &suite) ? ql_suite_name(suite) : "another suite";
    if (hello->hello_retry_request)
        ql_journal_say(h->journal, frame, "RFC 8446, 4.1.4",
                       "HelloRetryRequest: the server wants another ClientHello");
    else
        ql_journal_say(h->journal, frame, "RFC 8446, 4.1.3", "ServerHello: the server chooses %s%s",
                       name, hello->pre_shared_key ? " and resumes the earlier session" : "");
}

static void tell_extensions(ql_handshake *h, const ql_encrypted_extensions *extensions,
                            uint32_t frame)
{
    const char *early = !h->offered_early_data   ? ""
                        : extensions->early_data ? "; it accepts 0-RTT"
                                                 : "; it rejects 0-RTT";
    ql_journal_say(h->journal, frame, "RFC 9001, 8",
                   "EncryptedExtensions: the server agrees on %s and tells its transport "
                   "parameters%s",
                   extensions->alpn[0] != '\0' ? extensions->alpn : "no protocol", early);
}

/* A certificate may be long, and nobody looks at what was read once more. */
static void drop_read(flight *f, size_t length)
{
    if (length < f->text->len) {
        g_byte_array_remove_range(f->text, 0, (guint)length);
        return;
    }
    g_byte_array_free(f->text, TRUE);
    f->text = g_byte_array_new();
}

/* Who sends a message, and at which level (RFC 9001, 4.1.3). Anybody can protect Initial packets,
 * so that what is not in its place is not believed. */
static bool is_in_place(uint8_t type, ql_side sender, bool handshake_level)
{
    switch (type) {
    case QL_TLS_CLIENT_HELLO: return sender == QL_CLIENT && !handshake_level;
    case QL_TLS_SERVER_HELLO: return sender == QL_SERVER && !handshake_level;
    case QL_TLS_ENCRYPTED_EXTENSIONS: return sender == QL_SERVER && handshake_level;
    default: return handshake_level;
    }
}

/* The three below: the body of a message, with what it makes known. */
static unsigned read_client_hello(ql_handshake *h, uint32_t frame, ql_slice body, const char **why)
{
    ql_client_hello hello;
    bool sound = ql_client_hello_read(body, &hello, why);
    if (body.length < HELLO_RANDOM_END)
        return 0;
    tell_client_hello(h, &hello, frame);
    return on_client_hello(h, &hello, sound);
}

static void read_server_hello(ql_handshake *h, uint32_t frame, ql_slice body, const char **why)
{
    ql_server_hello hello;
    if (!ql_server_hello_read(body, &hello, why))
        return;
    h->facts->resumed |= hello.pre_shared_key;
    tell_server_hello(h, &hello, frame);
}

static unsigned read_extensions(ql_handshake *h, uint32_t frame, ql_slice body, const char **why)
{
    ql_encrypted_extensions extensions;
    bool sound = ql_encrypted_extensions_read(body, &extensions, why);
    tell_extensions(h, &extensions, frame);
    return on_encrypted_extensions(h, &extensions, sound);
}

/* One handshake message. A type that tells an observer nothing is passed over. */
static unsigned on_message(ql_handshake *h, ql_side sender, uint32_t frame, uint8_t type,
                           ql_slice body, const char **why)
{
    switch (type) {
    case QL_TLS_CLIENT_HELLO: return read_client_hello(h, frame, body, why);
    case QL_TLS_SERVER_HELLO: read_server_hello(h, frame, body, why); return 0;
    case QL_TLS_ENCRYPTED_EXTENSIONS: return read_extensions(h, frame, body, why);
    case QL_TLS_CERTIFICATE:
        ql_journal_say(h->journal, frame, "RFC 8446, 4.4.2", "The %s shows its certificates",
                       ql_side_name(sender));
        return 0;
    case QL_TLS_FINISHED:
        ql_journal_say(h->journal, frame, "RFC 8446, 4.4.4",
                       "Finished: the %s has said all of its part of the handshake",
                       ql_side_name(sender));
        return 0;
    default: return 0;
    }
}

static void keep(void *user, ql_slice bytes, const ql_arrival *from)
{
    flight *f = user;
    (void)from;
    if (f->reassembly.delivered <= QL_CRYPTO_BYTES_MAX)
        g_byte_array_append(f->text, bytes.data, (guint)bytes.length);
    else
        f->broken = true;
}

unsigned ql_handshake_on_crypto(ql_handshake *h, ql_side sender, bool handshake_level,
                                const ql_frame *frame, const ql_where *where)
{
    flight *f = &h->flights[handshake_level][sender];
    if (f->broken)
        return 0;
    ql_arrival from = { .where = *where };
    ql_reassembly_add(&f->reassembly, frame->crypto.offset, frame->crypto.data, &from, keep, f);
    if (f->broken)
        ql_journal_find(h->journal, h->facts->number, where->frame, QL_FINDING_LIMIT_REACHED,
                        "the %s's handshake has more than %u bytes at one encryption level; what "
                        "follows is passed over",
                        ql_side_name(sender), QL_CRYPTO_BYTES_MAX);

    unsigned news = 0;
    uint8_t type;
    ql_slice body;
    size_t used, read = 0;
    while (f->text->len > read && /* else its data may be NULL */
           ql_tls_message_read((ql_slice){ f->text->data + read, f->text->len - read }, &type,
                               &body, &used)) {
        const char *why = NULL;
        if (is_in_place(type, sender, handshake_level))
            news |= on_message(h, sender, where->frame, type, body, &why);
        read += used;
        if (why != NULL)
            ql_journal_find(h->journal, h->facts->number, where->frame, QL_FINDING_TLS_MALFORMED,
                            "TLS handshake message of type %u of the %s: %s", type,
                            ql_side_name(sender), why);
    }
    if (read > 0)
        drop_read(f, read);
    return news;
}

/* RFC 8446, 4.1.2: type, length of 24 bits, version, random. */
const uint8_t *ql_client_random_peek(ql_slice payload)
{
    const size_t before = 1 + 3 + 2;
    ql_reader reader = ql_reader_of(payload);
    ql_frame frame;
    const char *why;
    while (ql_frame_read(&reader, &frame, &why) == QL_FRAME_READ) {
        ql_slice data = frame.crypto.data;
        if (frame.kind == QL_FRAME_CRYPTO && frame.crypto.offset == 0 &&
            data.length >= before + QL_CLIENT_RANDOM_LENGTH)
            return data.data[0] == 1 ? data.data + before : NULL;
    }
    return NULL;
}
