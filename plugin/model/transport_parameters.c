/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/transport_parameters.h"

#include <string.h>

#include "model/reader.h"

#define VARINT_MAX  ((UINT64_C(1) << 62) - 1)
#define STREAMS_MAX (UINT64_C(1) << 60) /* RFC 9000, 4.6 */

/* RFC 9000, 18.2; RFC 9221, 3; RFC 9368, 3. */
enum parameter_id {
    ORIGINAL_DCID = 0x00,
    MAX_IDLE_TIMEOUT = 0x01,
    STATELESS_RESET_TOKEN = 0x02,
    MAX_UDP_PAYLOAD_SIZE = 0x03,
    INITIAL_MAX_DATA = 0x04,
    INITIAL_MAX_STREAM_DATA_BIDI_LOCAL = 0x05,
    INITIAL_MAX_STREAM_DATA_BIDI_REMOTE = 0x06,
    INITIAL_MAX_STREAM_DATA_UNI = 0x07,
    INITIAL_MAX_STREAMS_BIDI = 0x08,
    INITIAL_MAX_STREAMS_UNI = 0x09,
    ACK_DELAY_EXPONENT = 0x0a,
    MAX_ACK_DELAY = 0x0b,
    DISABLE_ACTIVE_MIGRATION = 0x0c,
    PREFERRED_ADDRESS = 0x0d,
    ACTIVE_CONNECTION_ID_LIMIT = 0x0e,
    INITIAL_SCID = 0x0f,
    RETRY_SCID = 0x10,
    VERSION_INFORMATION = 0x11,
    MAX_DATAGRAM_FRAME_SIZE = 0x20,
};

/* What a parameter is when it is absent, and which values it may have. */
typedef struct integer_parameter {
    enum parameter_id id;
    size_t offset; /* of its uint64_t in ql_transport_parameters */
    uint64_t absent, min, max;
    const char *malformed, *out_of_range;
} integer_parameter;

#define INTEGER(id, name, field, absent, min, max, range)                                          \
    {                                                                                              \
        id, offsetof(ql_transport_parameters, field), absent, min, max,                            \
            name " that is not one integer (RFC 9000, 18.2)", range                                \
    }
#define ANY_INTEGER(id, field) INTEGER(id, #field, field, 0, 0, VARINT_MAX, NULL)

static const integer_parameter integers[] = {
    INTEGER(MAX_UDP_PAYLOAD_SIZE, "max_udp_payload_size", max_udp_payload_size, 65527, 1200,
            VARINT_MAX, "max_udp_payload_size below 1200 (RFC 9000, 18.2)"),
    INTEGER(INITIAL_MAX_STREAMS_BIDI, "initial_max_streams_bidi", initial_max_streams_bidi, 0, 0,
            STREAMS_MAX, "initial_max_streams_bidi above 2^60 (RFC 9000, 4.6)"),
    INTEGER(INITIAL_MAX_STREAMS_UNI, "initial_max_streams_uni", initial_max_streams_uni, 0, 0,
            STREAMS_MAX, "initial_max_streams_uni above 2^60 (RFC 9000, 4.6)"),
    INTEGER(ACK_DELAY_EXPONENT, "ack_delay_exponent", ack_delay_exponent, 3, 0, 20,
            "ack_delay_exponent above 20 (RFC 9000, 18.2)"),
    INTEGER(MAX_ACK_DELAY, "max_ack_delay", max_ack_delay_ms, 25, 0, (1u << 14) - 1,
            "max_ack_delay of 2^14 or more (RFC 9000, 18.2)"),
    INTEGER(ACTIVE_CONNECTION_ID_LIMIT, "active_connection_id_limit", active_connection_id_limit, 2,
            2, VARINT_MAX, "active_connection_id_limit below 2 (RFC 9000, 18.2)"),
    INTEGER(MAX_IDLE_TIMEOUT, "max_idle_timeout", max_idle_timeout_ms, 0, 0, VARINT_MAX, NULL),
    ANY_INTEGER(INITIAL_MAX_DATA, initial_max_data),
    ANY_INTEGER(INITIAL_MAX_STREAM_DATA_BIDI_LOCAL, initial_max_stream_data_bidi_local),
    ANY_INTEGER(INITIAL_MAX_STREAM_DATA_BIDI_REMOTE, initial_max_stream_data_bidi_remote),
    ANY_INTEGER(INITIAL_MAX_STREAM_DATA_UNI, initial_max_stream_data_uni),
    { MAX_DATAGRAM_FRAME_SIZE, offsetof(ql_transport_parameters, max_datagram_frame_size), 0, 0,
      VARINT_MAX, "max_datagram_frame_size that is not one integer (RFC 9221, 3)", NULL },
};

static uint64_t *integer_of(ql_transport_parameters *parameters, const integer_parameter *integer)
{
    return (uint64_t *)(void *)((char *)parameters + integer->offset);
}

void ql_transport_parameters_init(ql_transport_parameters *parameters)
{
    memset(parameters, 0, sizeof *parameters);
    for (unsigned i = 0; i < G_N_ELEMENTS(integers); i++)
        *integer_of(parameters, &integers[i]) = integers[i].absent;
}

/* Each reader gives NULL, or the rule that the value breaks. */

static const char *read_integer(uint64_t id, ql_slice value, ql_transport_parameters *out)
{
    const integer_parameter *integer = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(integers) && integer == NULL; i++)
        if (integers[i].id == id)
            integer = &integers[i];
    if (integer == NULL)
        return NULL; /* unknown or reserved: to be passed over (RFC 9000, 7.4.2) */

    ql_reader reader = ql_reader_of(value);
    uint64_t number = ql_read_varint(&reader);
    if (reader.bad || ql_reader_left(&reader) > 0)
        return integer->malformed;
    if (number < integer->min || number > integer->max)
        return integer->out_of_range;
    *integer_of(out, integer) = number;
    return NULL;
}

static const char *read_cid(ql_slice value, bool *present, ql_cid *cid, const char *too_long)
{
    if (value.length > QL_CID_MAX)
        return too_long;
    *present = true;
    *cid = ql_cid_of(value);
    return NULL;
}

static const char *read_reset_token(ql_slice value, ql_transport_parameters *out)
{
    if (value.length != sizeof out->reset_token)
        return "stateless_reset_token that has not 16 bytes (RFC 9000, 18.2)";
    out->has_reset_token = true;
    memcpy(out->reset_token, value.data, sizeof out->reset_token);
    return NULL;
}

/* An address of all zeros is one that the server does not have. */
static ql_endpoint read_endpoint(ql_reader *reader, uint8_t family)
{
    ql_endpoint endpoint = { 0 }, absent = { 0 };
    ql_read_bytes(reader, endpoint.address, family == 4 ? 4 : 16);
    endpoint.port = ql_read_u16(reader);
    if (!ql_endpoint_equal(&endpoint, &absent))
        endpoint.family = family;
    return endpoint;
}

static const char *read_preferred_address(ql_slice value, ql_transport_parameters *out)
{
    ql_reader reader = ql_reader_of(value);
    uint8_t token[sizeof out->preferred_reset_token];

    ql_endpoint v4 = read_endpoint(&reader, 4);
    ql_endpoint v6 = read_endpoint(&reader, 6);
    ql_slice cid = ql_read_slice8(&reader);
    ql_read_bytes(&reader, token, sizeof token);
    if (reader.bad || ql_reader_left(&reader) > 0)
        return "preferred_address of a wrong length (RFC 9000, 18.2)";
    if (cid.length == 0)
        return "preferred_address with an ID of 0 bytes (RFC 9000, 18.2)";
    if (cid.length > QL_CID_MAX)
        return "preferred_address with an ID of more than 20 bytes (RFC 9000, 18.2)";

    out->has_preferred_address = true;
    out->preferred_v4 = v4;
    out->preferred_v6 = v6;
    out->preferred_cid = ql_cid_of(cid);
    memcpy(out->preferred_reset_token, token, sizeof token);
    return NULL;
}

static const char *read_version_information(ql_slice value, ql_transport_parameters *out)
{
    ql_reader reader = ql_reader_of(value);

    if (value.length == 0 || value.length % 4 != 0)
        return "version_information that is not a list of versions (RFC 9368, 3)";
    uint32_t chosen = ql_read_u32(&reader);
    bool has_zero = chosen == 0;
    while (ql_reader_left(&reader) > 0)
        has_zero |= ql_read_u32(&reader) == 0;
    if (has_zero)
        return "version_information with a version 0 (RFC 9368, 4)";
    out->has_version_information = true;
    out->chosen_version = chosen;
    return NULL;
}

static const char *read_parameter(uint64_t id, ql_slice value, ql_transport_parameters *out)
{
    switch (id) {
    case ORIGINAL_DCID:
        return read_cid(
            value, &out->has_original_dcid, &out->original_dcid,
            "original_destination_connection_id of more than 20 bytes (RFC 9000, 17.2)");
    case INITIAL_SCID:
        return read_cid(value, &out->has_initial_scid, &out->initial_scid,
                        "initial_source_connection_id of more than 20 bytes (RFC 9000, 17.2)");
    case RETRY_SCID:
        return read_cid(value, &out->has_retry_scid, &out->retry_scid,
                        "retry_source_connection_id of more than 20 bytes (RFC 9000, 17.2)");
    case STATELESS_RESET_TOKEN: return read_reset_token(value, out);
    case PREFERRED_ADDRESS: return read_preferred_address(value, out);
    case VERSION_INFORMATION: return read_version_information(value, out);
    case DISABLE_ACTIVE_MIGRATION:
        out->disable_active_migration = true;
        return value.length == 0 ? NULL : "disable_active_migration with a value (RFC 9000, 18.2)";
    default: return read_integer(id, value, out);
    }
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* RFC 9000, 7.4. Sorts the IDs. */
static bool has_repeats(GArray *ids)
{
    g_array_sort(ids, compare_ids);
    for (guint i = 1; i < ids->len; i++)
        if (g_array_index(ids, uint64_t, i) == g_array_index(ids, uint64_t, i - 1))
            return true;
    return false;
}

bool ql_transport_parameters_read(ql_slice extension, ql_transport_parameters *out,
                                  const char **why)
{
    ql_reader reader = ql_reader_of(extension);
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    const char *broken = NULL;

    ql_transport_parameters_init(out);
    out->present = true;
    while (broken == NULL && ql_reader_left(&reader) > 0) {
        uint64_t id = ql_read_varint(&reader);
        ql_slice value = ql_read_slice_varint(&reader);
        if (reader.bad) {
            broken = "transport parameter that is cut short (RFC 9000, 18)";
        } else {
            g_array_append_val(ids, id);
            broken = read_parameter(id, value, out);
        }
    }
    if (broken == NULL && has_repeats(ids))
        broken = "transport parameter that is there twice (RFC 9000, 7.4)";
    g_array_unref(ids);
    if (broken != NULL)
        *why = broken;
    return broken == NULL;
}
