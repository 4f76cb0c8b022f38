/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of connections that ngtcp2's own qlog has not. */
#include "qlog.h"

#include <string.h>

/* "192.0.2.1" of "192.0.2.1:443", "2001:db8::1" of "[2001:db8::1]:443". */
static char *host_of(const ql_address *address)
{
    g_autofree char *text = ql_address_to_string(address);
    char *colon = strrchr(text, ':');
    if (colon != NULL)
        *colon = '\0';
    size_t length = strlen(text);
    return text[0] == '[' && length > 1 ? g_strndup(text + 1, length - 2) : g_steal_pointer(&text);
}

static bool is_ipv6(const ql_address *address)
{
    return address->storage.ss_family == AF_INET6;
}

static void set_cid(JsonObject *object, const char *name, const ngtcp2_cid *cid)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < cid->datalen; i++)
        g_string_append_printf(text, "%02x", cid->data[i]);
    json_object_set_string_member(object, name, text->str);
}

void ql_qlog_connection_started(ql_qlog *qlog, const ql_address *local, const ql_address *remote,
                                const ngtcp2_cid *source, const ngtcp2_cid *destination)
{
    if (qlog == NULL)
        return;
    *ql_qlog_connection_id(qlog, QL_QLOG_LOCAL) = *source;
    *ql_qlog_connection_id(qlog, QL_QLOG_REMOTE) = *destination;
    JsonObject *data = json_object_new();
    g_autofree char *src = host_of(local), *dst = host_of(remote);
    json_object_set_string_member(data, "ip_version", is_ipv6(remote) ? "v6" : "v4");
    json_object_set_string_member(data, "src_ip", src);
    json_object_set_string_member(data, "dst_ip", dst);
    json_object_set_string_member(data, "protocol", "QUIC");
    json_object_set_int_member(data, "src_port", ql_address_port(local));
    json_object_set_int_member(data, "dst_port", ql_address_port(remote));
    set_cid(data, "src_cid", source);
    set_cid(data, "dst_cid", destination);
    ql_qlog_write_event(qlog, "connectivity:connection_started", data);
}

void ql_qlog_connection_id_updated(ql_qlog *qlog, ql_qlog_owner owner, const ngtcp2_cid *now)
{
    ngtcp2_cid *known = ql_qlog_connection_id(qlog, owner);
    if (known == NULL || ngtcp2_cid_eq(known, now))
        return;
    JsonObject *data = json_object_new();
    json_object_set_string_member(data, "owner", owner == QL_QLOG_LOCAL ? "local" : "remote");
    set_cid(data, "old", known);
    set_cid(data, "new", now);
    *known = *now;
    ql_qlog_write_event(qlog, "connectivity:connection_id_updated", data);
}

static JsonObject *endpoint_of(const ql_address *address)
{
    JsonObject *endpoint = json_object_new();
    g_autofree char *host = host_of(address);
    bool v6 = is_ipv6(address);
    json_object_set_string_member(endpoint, v6 ? "ip_v6" : "ip_v4", host);
    json_object_set_int_member(endpoint, v6 ? "port_v6" : "port_v4", ql_address_port(address));
    return endpoint;
}

void ql_qlog_migration_updated(ql_qlog *qlog, ql_qlog_migration state, const ql_address *local,
                               const ql_address *remote)
{
    static const char *const names[] = {
        [QL_QLOG_PROBING_STARTED] = "probing_started",
        [QL_QLOG_PROBING_ABANDONED] = "probing_abandoned",
        [QL_QLOG_PROBING_SUCCESSFUL] = "probing_successful",
        [QL_QLOG_MIGRATION_STARTED] = "migration_started",
        [QL_QLOG_MIGRATION_COMPLETE] = "migration_complete",
    };
    if (qlog == NULL)
        return;
    JsonObject *data = json_object_new();
    json_object_set_string_member(data, "new", names[state]);
    json_object_set_object_member(data, "path_remote", endpoint_of(remote));
    json_object_set_object_member(data, "path_local", endpoint_of(local));
    ql_qlog_write_event(qlog, "connectivity:migration_state_updated", data);
}
