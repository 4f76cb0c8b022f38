/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quic_options.h"

#include "measure.h"

#include <string.h>

#define LARGEST_DATAGRAM 65527u              /* RFC 9000, 18.2 */
#define LARGEST_STREAMS  (UINT64_C(1) << 60) /* RFC 9000, 4.6 */
#define LARGEST_ACK      1000u               /* packets that go without an ACK */
#define FIRST_DCID_MIN   8                   /* RFC 9000, 7.2 */
#define TIMEOUT_AT_MOST  (86400 * NGTCP2_SECONDS)

static gboolean take_version(const char *name, const char *value, void *record, GError **error)
{
    return ql_quic_version_parse(value, &((ql_quic_settings *)record)->version) ||
           ql_options_refuse(name, value, "v1, v2 or a hexadecimal number (0x1a2a3a4a) is expected",
                             error);
}

static gboolean take_available(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    settings->available_count = 0;
    for (char **word = words; *word != NULL; word++) {
        uint32_t version;
        if (settings->available_count == QL_QUIC_VERSIONS_AT_MOST)
            return ql_options_refuse(name, value, "these are more than eight versions", error);
        if (!ql_quic_version_parse(*word, &version) ||
            !(ql_quic_version_is_known(version) || ngtcp2_is_reserved_version(version)))
            return ql_options_refuse(
                name, *word, "v1, v2 or a reserved version (0x?a?a?a?a) is expected", error);
        settings->available[settings->available_count++] = version;
    }
    return settings->available_count > 0 ||
           ql_options_refuse(name, value, "a version is expected", error);
}

/* The options whose value is a number of bytes, or a number, from least to most. */
static const struct size_option {
    const char *name;
    size_t offset;
    uint64_t least, most;
    const char *rule;
} sizes[] = {
    { "--max-data", offsetof(ql_quic_settings, max_data), 1, NGTCP2_MAX_VARINT,
      "bytes (64k) are expected" },
    { "--max-stream-data", offsetof(ql_quic_settings, max_stream_data), 1, NGTCP2_MAX_VARINT,
      "bytes (64k) are expected" },
    { "--max-streams", offsetof(ql_quic_settings, max_streams), 1, LARGEST_STREAMS,
      "a number of streams is expected" },
    { "--window", offsetof(ql_quic_settings, window), 1, NGTCP2_MAX_VARINT,
      "bytes (64k) are expected" },
    { "--max-udp-payload", offsetof(ql_quic_settings, max_udp_payload), NGTCP2_MAX_UDP_PAYLOAD_SIZE,
      LARGEST_DATAGRAM, "1200 to 65527 bytes are expected" },
    { "--ack-threshold", offsetof(ql_quic_settings, ack_threshold), 1, LARGEST_ACK,
      "1 to 1000 packets are expected" },
};

static gboolean take_size(const char *name, const char *value, void *record, GError **error)
{
    uint64_t bytes;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (strcmp(sizes[i].name, name) != 0)
            continue;
        if (!ql_measure_bytes(value, &bytes) || bytes < sizes[i].least || bytes > sizes[i].most)
            return ql_options_refuse(name, value, sizes[i].rule, error);
        memcpy((char *)record + sizes[i].offset, &bytes, sizeof bytes);
        return TRUE;
    }
    g_assert_not_reached();
}

static gboolean take_probes(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    settings->probe_count = 0;
    for (char **word = words; *word != NULL; word++) {
        guint64 bytes;
        if (settings->probe_count == QL_QUIC_PROBES_AT_MOST)
            return ql_options_refuse(name, value, "these are more than eight sizes", error);
        if (!g_ascii_string_to_unsigned(*word, 10, NGTCP2_MAX_UDP_PAYLOAD_SIZE + 1,
                                        LARGEST_DATAGRAM, &bytes, NULL))
            return ql_options_refuse(name, *word, "1201 to 65527 bytes are expected", error);
        settings->probes[settings->probe_count++] = (uint16_t)bytes;
    }
    return settings->probe_count > 0 || ql_options_refuse(name, value, "a size is expected", error);
}

/* A bare number is one of seconds, as with the other timeouts. */
static bool parse_time(const char *text, ngtcp2_duration *duration)
{
    g_autofree char *seconds = g_strconcat(text, "s", NULL);
    return (ql_measure_duration(text, duration) || ql_measure_duration(seconds, duration)) &&
           *duration > 0 && *duration <= TIMEOUT_AT_MOST;
}

static gboolean take_time(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    ngtcp2_duration duration;
    if (!parse_time(value, &duration))
        return ql_options_refuse(name, value, "a time (300ms, 2s) is expected", error);
    if (strcmp(name, "--initial-rtt") == 0)
        settings->initial_rtt = duration;
    else if (strcmp(name, "--handshake-timeout") == 0)
        settings->handshake_timeout = duration;
    else
        settings->keep_alive = duration;
    return TRUE;
}

static gboolean take_congestion(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    static const char *const names[] = {
        [QL_CONGESTION_RENO] = "reno", [QL_CONGESTION_CUBIC] = "cubic", [QL_CONGESTION_BBR] = "bbr"
    };
    for (unsigned i = QL_CONGESTION_RENO; i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(value, names[i]) != 0)
            continue;
        settings->congestion = (ql_congestion)i;
        return TRUE;
    }
    return ql_options_refuse(name, value, "reno, cubic or bbr is expected", error);
}

static gboolean take_switch(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    if (strcmp(name, "--no-pmtud") == 0)
        settings->no_pmtud = true;
    else if (strcmp(name, "--no-gso") == 0)
        settings->no_gso = true;
    else if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
        settings->no_ecn = strcmp(value, "off") == 0;
    else
        return ql_options_refuse(name, value, "on or off is expected", error);
    return TRUE;
}

static gboolean take_key_update(const char *name, const char *value, void *record, GError **error)
{
    return ql_trigger_parse(name, value, &((ql_quic_settings *)record)->key_update, error);
}

static bool parse_cid(const char *text, ngtcp2_cid *cid)
{
    size_t length = strlen(text);
    if (length % 2 != 0 || length > 2 * (size_t)NGTCP2_MAX_CIDLEN)
        return false;
    for (size_t i = 0; i < length; i += 2) {
        int high = g_ascii_xdigit_value(text[i]), low = g_ascii_xdigit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        cid->data[i / 2] = (uint8_t)(high << 4 | low);
    }
    cid->datalen = length / 2;
    return true;
}

static gboolean take_cid(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    bool own = strcmp(name, "--scid") == 0;
    const char *digits = g_str_has_prefix(value, "0x") ? value + 2 : value;
    ngtcp2_cid cid;
    if (!parse_cid(digits, &cid) || cid.datalen < (own ? 1 : FIRST_DCID_MIN))
        return ql_options_refuse(name, value,
                                 own ? "1 to 20 bytes in hexadecimal are expected"
                                     : "8 to 20 bytes in hexadecimal are expected (RFC 9000, 7.2)",
                                 error);
    *(own ? &settings->scid : &settings->dcid) = cid;
    return TRUE;
}

static gboolean take_number(const char *name, const char *value, void *record, GError **error)
{
    ql_quic_settings *settings = record;
    bool length = strcmp(name, "--cid-length") == 0;
    guint64 number;
    if (!g_ascii_string_to_unsigned(value, 10, 0, length ? NGTCP2_MAX_CIDLEN : INT32_MAX, &number,
                                    NULL))
        return ql_options_refuse(
            name, value, length ? "0 to 20 bytes are expected" : "0 to 2147483647 is expected",
            error);
    if (length) {
        settings->has_cid_length = true;
        settings->cid_length = (size_t)number;
    } else {
        settings->initial_packet_number = (uint32_t)number;
    }
    return TRUE;
}

const ql_option ql_version_option_table[] = {
    { "quic-version", '\0', QL_OPTION_CALL, 0, "VERSION",
      "the version to begin with: v1, v2 or a number, 0x1a2a3a4a; v1 if not given (RFC 9000, 15)",
      take_version },
    { "available-versions", '\0', QL_OPTION_CALL, 0, "VERSION[,...]",
      "versions to offer, the preferred one first; the server may choose (RFC 9368, 2)",
      take_available },
    { .name = NULL },
};

const ql_option ql_flow_option_table[] = {
    { "max-data", '\0', QL_OPTION_CALL, 0, "BYTES",
      "what the other side may send at first, 1048576 if not given (RFC 9000, 4.1)", take_size },
    { "max-stream-data", '\0', QL_OPTION_CALL, 0, "BYTES",
      "the same on each stream, 524288 if not given (RFC 9000, 4.1)", take_size },
    { "max-streams", '\0', QL_OPTION_CALL, 0, "N",
      "streams that the other side may open, 100 if not given: a client requests, a server "
      "unidirectional ones (RFC 9000, 4.6)",
      take_size },
    { "window", '\0', QL_OPTION_CALL, 0, "BYTES",
      "let the windows grow to so much at most (RFC 9000, 4.2)", take_size },
    { .name = NULL },
};

const ql_option ql_recovery_option_table[] = {
    { "cc", '\0', QL_OPTION_CALL, 0, "reno|cubic|bbr",
      "congestion control; cubic if not given (RFC 9002, 7)", take_congestion },
    { "initial-rtt", '\0', QL_OPTION_CALL, 0, "TIME",
      "take the network for so slow at first, 333ms if not given (RFC 9002, 6.2.2)", take_time },
    { "handshake-timeout", '\0', QL_OPTION_CALL, 0, "TIME",
      "how long the handshake with one address may take", take_time },
    { "keep-alive", '\0', QL_OPTION_CALL, 0, "TIME",
      "send a PING after such a silence; a client after half the idle timeout if not given "
      "(RFC 9000, 10.1.2)",
      take_time },
    { "max-udp-payload", '\0', QL_OPTION_CALL, 0, "BYTES",
      "the largest datagram to send, and to be sent (RFC 9000, 18.2)", take_size },
    { "no-pmtud", '\0', QL_OPTION_CALL_FLAG, 0, NULL,
      "do not probe for larger datagrams: 1200 bytes, or --max-udp-payload (RFC 9000, 14.3)",
      take_switch },
    { "pmtud-probes", '\0', QL_OPTION_CALL, 0, "BYTES[,...]",
      "probe for datagrams of these sizes, one after the other (RFC 9000, 14.3)", take_probes },
    { "ack-threshold", '\0', QL_OPTION_CALL, 0, "N",
      "acknowledge at once when so many packets have come; 2 if not given (RFC 9000, 13.2.2)",
      take_size },
    { "no-gso", '\0', QL_OPTION_CALL_FLAG, 0, NULL, "hand the datagrams to the kernel one by one",
      take_switch },
    { "ecn", '\0', QL_OPTION_CALL, 0, "on|off",
      "mark packets with ECT(0); on if not given (RFC 9000, 13.4)", take_switch },
    { .name = NULL },
};

const ql_option ql_first_cid_option_table[] = {
    { "scid", '\0', QL_OPTION_CALL, 0, "HEX",
      "our first connection ID; chance chooses if not given (RFC 9000, 7.2)", take_cid },
    { "dcid", '\0', QL_OPTION_CALL, 0, "HEX",
      "the ID that the first packets are sent to, which makes their keys (RFC 9001, 5.2)",
      take_cid },
    { .name = NULL },
};

const ql_option ql_number_option_table[] = {
    { "key-update-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "change the keys after so much content (200k) or time (300ms) (RFC 9001, 6)",
      take_key_update },
    { "cid-length", '\0', QL_OPTION_CALL, 0, "N",
      "bytes of our connection IDs, 0 to 20; 8 if not given (RFC 9000, 5.1)", take_number },
    { "initial-packet-number", '\0', QL_OPTION_CALL, 0, "N",
      "the first number in each packet number space; 0 if not given (RFC 9000, 12.3)",
      take_number },
    { .name = NULL },
};

bool ql_quic_options_check(ql_quic_settings *settings, GError **error)
{
    uint32_t version = ql_quic_settings_version(settings);
    if (settings->scid.datalen > 0 && settings->has_cid_length &&
        settings->scid.datalen != settings->cid_length) {
        g_set_error(error, QL_OPTIONS_ERROR, 0,
                    "--scid has %zu bytes, and --cid-length is %zu: all our IDs have one length",
                    settings->scid.datalen, settings->cid_length);
        return false;
    }
    if (settings->available_count == 0 || !ql_quic_version_is_known(version))
        return true;
    for (size_t i = 0; i < settings->available_count; i++)
        if (settings->available[i] == version)
            return true;
    g_autofree char *name = ql_quic_version_to_string(version);
    g_set_error(error, QL_OPTIONS_ERROR, 0,
                "--quic-version %s is not one of --available-versions (RFC 9368, 3)", name);
    return false;
}
