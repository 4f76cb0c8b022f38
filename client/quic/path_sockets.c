/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_sockets.h"

#define NEVER UINT64_MAX

typedef struct socket_entry {
    ql_udp *udp;
    ql_address name; /* of now */
    ngtcp2_tstamp closes;
} socket_entry;

typedef struct name_entry {
    ql_address name;
    ql_udp *udp;
} name_entry;

struct ql_path_sockets {
    bool segmentation;
    GPtrArray *sockets; /* socket_entry, in the order in which they were opened */
    GPtrArray *deaf;    /* socket_entry of those that were replaced */
    GArray *names;      /* name_entry */
    uint16_t aliases;
};

static void entry_free(void *data)
{
    socket_entry *entry = data;
    ql_udp_free(entry->udp);
    g_free(entry);
}

ql_path_sockets *ql_path_sockets_new(bool segmentation)
{
    ql_path_sockets *sockets = g_new0(ql_path_sockets, 1);
    sockets->segmentation = segmentation;
    sockets->sockets = g_ptr_array_new_with_free_func(entry_free);
    sockets->deaf = g_ptr_array_new_with_free_func(entry_free);
    sockets->names = g_array_new(FALSE, FALSE, sizeof(name_entry));
    return sockets;
}

void ql_path_sockets_free(ql_path_sockets *sockets)
{
    if (sockets == NULL)
        return;
    g_ptr_array_unref(sockets->sockets);
    g_ptr_array_unref(sockets->deaf);
    g_array_unref(sockets->names);
    g_free(sockets);
}

static void add_name(ql_path_sockets *sockets, const ql_address *name, ql_udp *udp)
{
    const name_entry entry = { *name, udp };
    g_array_append_val(sockets->names, entry);
}

ql_udp *ql_path_sockets_open(ql_path_sockets *sockets, const ql_address *remote,
                             const ql_local_end *local, GError **error)
{
    ql_udp *udp = ql_udp_connect(remote, local, error);
    if (udp == NULL)
        return NULL;
    if (!sockets->segmentation)
        ql_udp_disable_segmentation(udp);
    socket_entry *entry = g_new0(socket_entry, 1);
    *entry = (socket_entry){ udp, *ql_udp_local(udp), NEVER };
    g_ptr_array_add(sockets->sockets, entry);
    add_name(sockets, &entry->name, udp);
    return udp;
}

size_t ql_path_sockets_count(const ql_path_sockets *sockets)
{
    return sockets->sockets->len;
}

static socket_entry *entry_at(const ql_path_sockets *sockets, size_t index)
{
    return g_ptr_array_index(sockets->sockets, index);
}

ql_udp *ql_path_sockets_at(const ql_path_sockets *sockets, size_t index)
{
    return entry_at(sockets, index)->udp;
}

static socket_entry *entry_of(const ql_path_sockets *sockets, const ql_udp *udp)
{
    for (guint i = 0; i < sockets->sockets->len; i++)
        if (entry_at(sockets, i)->udp == udp)
            return entry_at(sockets, i);
    g_assert_not_reached();
}

ql_udp *ql_path_sockets_find(const ql_path_sockets *sockets, const ngtcp2_addr *name)
{
    ql_address wanted = ql_address_from(name->addr, name->addrlen);
    for (guint i = sockets->names->len; i > 0; i--) {
        const name_entry *entry = &g_array_index(sockets->names, name_entry, i - 1);
        if (ql_address_equal(&entry->name, &wanted))
            return entry->udp;
    }
    return NULL;
}

ql_udp *ql_path_sockets_bound_to(const ql_path_sockets *sockets, const ql_address *local)
{
    for (guint i = 0; i < sockets->sockets->len; i++)
        if (ql_address_equal(ql_udp_local(entry_at(sockets, i)->udp), local))
            return entry_at(sockets, i)->udp;
    return NULL;
}

static ngtcp2_addr as_quic(const ql_address *address)
{
    /* ngtcp2 only reads it. */
    return (ngtcp2_addr){ (ngtcp2_sockaddr *)(uintptr_t)ql_address_sockaddr(address),
                          address->length };
}

ngtcp2_path ql_path_sockets_path(const ql_path_sockets *sockets, const ql_udp *udp)
{
    return (ngtcp2_path){ as_quic(&entry_of(sockets, udp)->name), as_quic(ql_udp_remote(udp)),
                          NULL };
}

ql_address ql_path_sockets_alias(ql_path_sockets *sockets, ql_udp *udp)
{
    /* The kernel does not choose ports like these, so that no other socket can have the name. */
    ql_address alias = *ql_udp_local(udp);
    ql_address_set_port(&alias, ++sockets->aliases);
    add_name(sockets, &alias, udp);
    return alias;
}

void ql_path_sockets_adopt(ql_path_sockets *sockets, ql_udp *udp, const ql_address *name)
{
    entry_of(sockets, udp)->name = *name;
}

void ql_path_sockets_replace(ql_path_sockets *sockets, ql_udp *old, ql_udp *udp)
{
    entry_of(sockets, udp)->name = entry_of(sockets, old)->name;
    for (guint i = 0; i < sockets->names->len; i++) {
        name_entry *entry = &g_array_index(sockets->names, name_entry, i);
        if (entry->udp == old)
            entry->udp = udp;
    }
    guint index = 0;
    while (entry_at(sockets, index)->udp != old)
        index++;
    g_ptr_array_add(sockets->deaf, g_ptr_array_steal_index(sockets->sockets, index));
}

void ql_path_sockets_retire(ql_path_sockets *sockets, const ql_udp *udp, ngtcp2_tstamp when)
{
    socket_entry *entry = entry_of(sockets, udp);
    entry->closes = MIN(entry->closes, when);
}

void ql_path_sockets_retire_others(ql_path_sockets *sockets, const ql_udp *kept, ngtcp2_tstamp when)
{
    for (guint i = 0; i < sockets->sockets->len; i++)
        if (entry_at(sockets, i)->udp != kept)
            ql_path_sockets_retire(sockets, entry_at(sockets, i)->udp, when);
}

static void forget_names(ql_path_sockets *sockets, const ql_udp *udp)
{
    for (guint i = sockets->names->len; i > 0; i--)
        if (g_array_index(sockets->names, name_entry, i - 1).udp == udp)
            g_array_remove_index(sockets->names, i - 1);
}

bool ql_path_sockets_tick(ql_path_sockets *sockets, ngtcp2_tstamp now)
{
    bool any = false;
    for (guint i = sockets->sockets->len; i > 0; i--) {
        if (entry_at(sockets, i - 1)->closes > now)
            continue;
        forget_names(sockets, entry_at(sockets, i - 1)->udp);
        g_ptr_array_remove_index(sockets->sockets, i - 1);
        any = true;
    }
    return any;
}

ngtcp2_tstamp ql_path_sockets_expiry(const ql_path_sockets *sockets)
{
    ngtcp2_tstamp expiry = NEVER;
    for (guint i = 0; i < sockets->sockets->len; i++)
        expiry = MIN(expiry, entry_at(sockets, i)->closes);
    return expiry;
}
