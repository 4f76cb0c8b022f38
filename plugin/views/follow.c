/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follow > HTTP/3 stream: the header fields and the content of one exchange, both directions in the
 * order in which they were captured. tshark: -z follow,quiclens,MODE,CONNECTION,STREAM, or with two
 * addresses and ports for all exchanges between these; before 4.4 MODE,CONNECTION for all of it. */
#include "views/frame_subject.h"
#include "views/tap.h"
#include "views/view.h"

#include "reports/transcript.h"
#include "wireshark/kept_bodies.h"
#include "wireshark/live_model.h"

#include <epan/follow.h>
#include <epan/to_str.h>

#define FOLLOW_TAP "quiclens_follow"

static int follow_tap;

/* tshark asks before it reads the first frame: where the secrets stand behind it, a frame has no
 * stream yet when it is filtered, and leads to what was learned of its connection. */
static char *filter_of(unsigned connection, unsigned stream)
{
    if (!QL_FOLLOW_NAMES_STREAMS)
        return ql_filter_of_connection(connection);
    if (!ql_host_is_tshark())
        return ql_filter_of_stream(connection, stream);
    return g_strdup_printf("quiclens.connection == %u and (quiclens.stream.id == %u or "
                           "not quiclens.stream.id)",
                           connection, stream);
}

static char *filter_of_packet(epan_dissect_t *edt, packet_info *pinfo, unsigned *connection,
                              unsigned *stream)
{
    (void)edt;
    const ql_session *session = ql_live_model_session();
    const ql_exchange *exchange =
        session != NULL ? ql_frame_exchange(ql_session_events(session, pinfo->num)) : NULL;
    if (exchange == NULL || exchange->stream_id > G_MAXUINT)
        return NULL;
    *connection = exchange->connection;
    *stream = (unsigned)exchange->stream_id;
    return filter_of(*connection, *stream);
}

static char *filter_of_addresses(address *from, address *to, int from_port, int to_port)
{
    const char *ip = from->type == AT_IPv6 ? "ipv6" : "ip";
    char *from_text = address_to_str(NULL, from), *to_text = address_to_str(NULL, to);
    char *filter = g_strdup_printf(
        "quiclens and %s.addr == %s and udp.port == %d and %s.addr == %s and udp.port == %d", ip,
        from_text, from_port, ip, to_text, to_port);
    wmem_free(NULL, from_text);
    wmem_free(NULL, to_text);
    return filter;
}

static char *port_text(wmem_allocator_t *allocator, unsigned port)
{
    return wmem_strdup_printf(allocator, "%u", port);
}

/* Copies the bytes of an address in the way that follow_info_free() expects. */
static unsigned set_node(address *node, const ql_endpoint *endpoint)
{
    bool v4 = endpoint->family == 4;
    free_address(node);
    alloc_address_wmem(NULL, node, v4 ? AT_IPv4 : AT_IPv6, v4 ? 4 : 16, endpoint->address);
    return endpoint->port;
}

static void add_record(follow_info_t *info, const ql_transcript_part *part)
{
    follow_record_t *record = g_new0(follow_record_t, 1);
    record->is_server = part->sender == QL_SERVER;
    record->packet_num = part->where.frame;
    record->abs_ts.secs = (time_t)(part->where.time_ns / 1000000000u);
    record->abs_ts.nsecs = (int)(part->where.time_ns % 1000000000u);
    record->data = g_byte_array_ref(part->bytes);
    info->bytes_written[record->is_server ? 1 : 0] += part->bytes->len;
    info->payload = g_list_prepend(info->payload, record);
}

static void add_exchange(void *listener, const void *thing)
{
    follow_info_t *info = listener;
    const ql_exchange *exchange = thing;
    const ql_connection_facts *facts = ql_connection_facts_of(
        ql_session_connection(ql_live_model_session(), exchange->connection));
    info->client_port = set_node(&info->client_ip, &facts->client);
    info->server_port = set_node(&info->server_ip, &facts->server);
    GArray *parts = ql_transcript_of(exchange);
    for (guint i = 0; i < parts->len; i++)
        add_record(info, &g_array_index(parts, ql_transcript_part, i));
    g_array_unref(parts);
}

/* A frame that the filter lets through may carry other streams as well. */
static bool is_wanted(const void *listener, const ql_exchange *exchange)
{
    const follow_info_t *info = listener;
    return info->substream_id == SUBSTREAM_UNUSED || info->substream_id == exchange->stream_id;
}

static tap_packet_status follow_frame(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                      const void *data, tap_flags_t flags)
{
    (void)pinfo, (void)edt, (void)flags;
    ql_tap_exchanges(data, is_wanted, add_exchange, listener);
    return TAP_PACKET_REDRAW;
}

static uint32_t count_connections(void)
{
    const ql_session *session = ql_live_model_session();
    return session != NULL ? ql_session_connection_count(session) : 0;
}

/* The nearest stream with an exchange, at `stream` or on the side that is asked for. */
static bool find_stream(unsigned connection, unsigned stream, bool less, unsigned *out)
{
    const ql_session *session = ql_live_model_session();
    if (session == NULL || connection >= ql_session_connection_count(session))
        return false;
    const GPtrArray *exchanges =
        ql_streams_exchanges(ql_connection_streams(ql_session_connection(session, connection)));
    bool found = false;
    for (guint i = 0; i < exchanges->len; i++) {
        uint64_t id = ((const ql_exchange *)g_ptr_array_index(exchanges, i))->stream_id;
        if (id > G_MAXUINT || (less ? id > stream : id < stream))
            continue;
        if (!found || (less ? id > *out : id < *out))
            *out = (unsigned)id;
        found = true;
    }
    return found;
}

static void register_follower(int protocol)
{
    follow_tap = register_tap(FOLLOW_TAP);
    ql_kept_bodies_for(follow_tap);
    ql_register_follow(protocol, FOLLOW_TAP, filter_of_packet, filter_of, filter_of_addresses,
                       port_text, follow_frame, count_connections, find_stream);
}

static void queue(const ql_drawing *drawing)
{
    ql_tap_queue(follow_tap, drawing);
}

const ql_view ql_view_follow = { "follow", register_follower, queue, true };
