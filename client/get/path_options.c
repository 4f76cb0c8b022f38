/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_options.h"

#include "relay_value.h"
#include "text.h"

#include <string.h>

#define FIRST_DCID_MIN 8 /* RFC 9000, 7.2 */

static gboolean refuse(const char *name, const char *value, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(value);
    g_set_error(error, QL_OPTIONS_ERROR, 0, "bad value \"%s\" of %s: %s", shown, name, why);
    return FALSE;
}

static gboolean take_trigger(const char *name, const char *value, void *record, GError **error)
{
    ql_path_plan *plan = record;
    ql_trigger *trigger = strcmp(name, "--rotate-cid-after") == 0 ? &plan->rotate
                          : strcmp(name, "--probe-path") == 0     ? &plan->probe
                          : strcmp(name, "--rebind-after") == 0   ? &plan->rebind
                                                                  : &plan->move;
    return ql_trigger_parse(name, value, trigger, error);
}

static gboolean take_address(const char *name, const char *value, void *record, GError **error)
{
    return ql_relay_value_address(value, &((ql_path_plan *)record)->other.address) ||
           refuse(name, value, "an address without port is expected", error);
}

static gboolean take_preferred(const char *name, const char *value, void *record, GError **error)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return refuse(name, value, "yes or no is expected", error);
    ((ql_path_plan *)record)->stay = strcmp(value, "no") == 0;
    return TRUE;
}

const ql_option ql_path_option_table[] = {
    { "migrate-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "move to a new local port after so much content (200k) or time (300ms) (RFC 9000, 9)",
      take_trigger },
    { "migrate-to", '\0', QL_OPTION_CALL, 0, "ADDRESS",
      "with --migrate-after, --probe-path: to this local address (RFC 9000, 9.2)", take_address },
    { "rebind-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "send from a new local port without a word, as behind a NAT (RFC 9000, 9.3)", take_trigger },
    { "probe-path", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "validate the path from a new local port, and stay on the old one (RFC 9000, 9.1)",
      take_trigger },
    { "preferred-address", '\0', QL_OPTION_CALL, 0, "yes|no",
      "follow the server to the address that it prefers; yes if not given (RFC 9000, 9.6)",
      take_preferred },
    { "rotate-cid-after", '\0', QL_OPTION_CALL, 0, "BYTES|TIME",
      "take another connection ID of the server's on the same path (RFC 9000, 5.1.2)",
      take_trigger },
    { .name = NULL },
};

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
        return refuse(name, value,
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
        return refuse(name, value,
                      length ? "0 to 20 bytes are expected" : "0 to 2147483647 is expected", error);
    if (length) {
        settings->has_cid_length = true;
        settings->cid_length = (size_t)number;
    } else {
        settings->initial_packet_number = (uint32_t)number;
    }
    return TRUE;
}

const ql_option ql_cid_option_table[] = {
    { "scid", '\0', QL_OPTION_CALL, 0, "HEX",
      "our first connection ID; chance chooses if not given (RFC 9000, 7.2)", take_cid },
    { "dcid", '\0', QL_OPTION_CALL, 0, "HEX",
      "the ID that the first packets are sent to, which makes their keys (RFC 9001, 5.2)",
      take_cid },
    { "cid-length", '\0', QL_OPTION_CALL, 0, "N",
      "bytes of our connection IDs, 0 to 20; 8 if not given (RFC 9000, 5.1)", take_number },
    { "initial-packet-number", '\0', QL_OPTION_CALL, 0, "N",
      "the first number in each packet number space; 0 if not given (RFC 9000, 12.3)",
      take_number },
    { .name = NULL },
};
