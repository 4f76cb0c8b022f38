/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>

G_DEFINE_QUARK(ql_resolve_error, ql_resolve_error)

/* One --resolve. */
typedef struct entry {
    char *host; /* "*": any */
    uint16_t port;
    char **addresses;
} entry;

/* One --connect-to. */
typedef struct detour {
    char *host, *to_host;   /* "": any, or the same */
    uint16_t port, to_port; /* 0: any, or the same */
} detour;

struct ql_resolver {
    int family;
    GArray *entries;
    GArray *detours;
};

static void entry_clear(void *data)
{
    entry *old = data;
    g_free(old->host);
    g_strfreev(old->addresses);
}

static void detour_clear(void *data)
{
    detour *old = data;
    g_free(old->host);
    g_free(old->to_host);
}

static char *without_brackets(const char *text, size_t length)
{
    bool bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
    return bracketed ? g_strndup(text + 1, length - 2) : g_strndup(text, length);
}

static bool all_addresses(char **list)
{
    for (char **at = list; *at != NULL; at++) {
        char *bare = without_brackets(*at, strlen(*at));
        g_free(*at);
        *at = bare;
        if (!g_hostname_is_ip_address(bare))
            return false;
    }
    return *list != NULL;
}

static bool parse_entry(const char *text, entry *parsed, GError **error)
{
    const char *host_end = *text == '[' ? strchr(text, ']') : text;
    const char *colon = host_end == NULL ? NULL : strchr(host_end, ':');
    const char *second = colon == NULL ? NULL : strchr(colon + 1, ':');
    if (second != NULL && colon > text) {
        guint64 port = 0;
        g_autofree char *digits = g_strndup(colon + 1, (gsize)(second - colon - 1));
        *parsed = (entry){ .addresses = g_strsplit(second + 1, ",", -1) };
        if (g_ascii_string_to_unsigned(digits, 10, 1, UINT16_MAX, &port, NULL) &&
            all_addresses(parsed->addresses)) {
            g_autofree char *host = without_brackets(text, (gsize)(colon - text));
            parsed->host = g_ascii_strdown(host, -1);
            parsed->port = (uint16_t)port;
            return true;
        }
        entry_clear(parsed);
    }
    g_set_error(error, QL_RESOLVE_ERROR, 0,
                "bad --resolve %s: HOST:PORT:ADDRESS[,ADDRESS]... is expected", text);
    return false;
}

ql_resolver *ql_resolver_new(int family, char *const *entries, GError **error)
{
    ql_resolver *resolver = g_atomic_rc_box_new0(ql_resolver);
    resolver->family = family;
    resolver->entries = g_array_new(FALSE, FALSE, sizeof(entry));
    g_array_set_clear_func(resolver->entries, entry_clear);
    resolver->detours = g_array_new(FALSE, FALSE, sizeof(detour));
    g_array_set_clear_func(resolver->detours, detour_clear);
    for (; entries != NULL && *entries != NULL; entries++) {
        entry parsed;
        if (!parse_entry(*entries, &parsed, error)) {
            ql_resolver_free(resolver);
            return NULL;
        }
        g_array_append_val(resolver->entries, parsed);
    }
    return resolver;
}

static void resolver_clear(void *data)
{
    ql_resolver *resolver = data;
    g_array_unref(resolver->entries);
    g_array_unref(resolver->detours);
}

void ql_resolver_free(ql_resolver *resolver)
{
    if (resolver != NULL)
        g_atomic_rc_box_release_full(resolver, resolver_clear);
}

const ql_resolver *ql_resolver_ref(const ql_resolver *resolver)
{
    return g_atomic_rc_box_acquire((void *)(uintptr_t)resolver);
}

/* Takes "HOST:" or "[ADDRESS]:" from the front of text, which then is behind it; NULL: there is
 * none. */
static char *take_host(const char **text)
{
    const char *host_end = **text == '[' ? strchr(*text, ']') : *text;
    const char *colon = host_end == NULL ? NULL : strchr(host_end, ':');
    if (colon == NULL)
        return NULL;
    char *host = without_brackets(*text, (size_t)(colon - *text));
    *text = colon + 1;
    return host;
}

static bool take_port(const char *digits, uint16_t *port)
{
    guint64 value = 0;
    bool good =
        *digits == '\0' || g_ascii_string_to_unsigned(digits, 10, 1, UINT16_MAX, &value, NULL);
    *port = (uint16_t)value;
    return good;
}

static bool parse_detour(const char *text, detour *parsed)
{
    *parsed = (detour){ .host = take_host(&text) };
    g_autofree char *port = parsed->host == NULL ? NULL : take_host(&text);
    parsed->to_host = port == NULL ? NULL : take_host(&text);
    return parsed->to_host != NULL && take_port(port, &parsed->port) &&
           take_port(text, &parsed->to_port);
}

bool ql_resolver_connect_to(ql_resolver *resolver, char *const *entries, GError **error)
{
    for (; entries != NULL && *entries != NULL; entries++) {
        detour parsed;
        if (!parse_detour(*entries, &parsed)) {
            detour_clear(&parsed);
            g_set_error(error, QL_RESOLVE_ERROR, 0,
                        "bad --connect-to %s: HOST1:PORT1:HOST2:PORT2 is expected", *entries);
            return false;
        }
        g_array_append_val(resolver->detours, parsed);
    }
    return true;
}

/* Where to go instead of to *host and *port. */
static void take_detour(const ql_resolver *resolver, const char **host, uint16_t *port)
{
    for (guint i = 0; i < resolver->detours->len; i++) {
        const detour *known = &g_array_index(resolver->detours, detour, i);
        if ((*known->host != '\0' && g_ascii_strcasecmp(known->host, *host) != 0) ||
            (known->port != 0 && known->port != *port))
            continue;
        *host = *known->to_host != '\0' ? known->to_host : *host;
        *port = known->to_port != 0 ? known->to_port : *port;
        return;
    }
}

/* Returns 0 or an error of getaddrinfo. */
static int append(GArray *list, int family, const char *host, uint16_t port, int flags)
{
    const struct addrinfo wanted = { .ai_family = family,
                                     .ai_socktype = SOCK_DGRAM,
                                     .ai_flags = flags | AI_NUMERICSERV };
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo *found = NULL;
    int rv = getaddrinfo(host, service, &wanted, &found);
    if (rv != 0)
        return rv;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        ql_address address = ql_address_from(at->ai_addr, at->ai_addrlen);
        g_array_append_val(list, address);
    }
    freeaddrinfo(found);
    return 0;
}

static const char *family_name(int family)
{
    return family == AF_INET ? "IPv4 " : family == AF_INET6 ? "IPv6 " : "";
}

/* NULL: there is no --resolve for it. */
static const entry *find_entry(const ql_resolver *resolver, const char *host, uint16_t port)
{
    for (guint i = 0; i < resolver->entries->len; i++) {
        const entry *known = &g_array_index(resolver->entries, entry, i);
        if (known->port == port &&
            (strcmp(known->host, "*") == 0 || g_ascii_strcasecmp(known->host, host) == 0))
            return known;
    }
    return NULL;
}

bool ql_resolver_knows(const ql_resolver *resolver, const char *host, uint16_t port)
{
    take_detour(resolver, &host, &port);
    return g_hostname_is_ip_address(host) || find_entry(resolver, host, port) != NULL;
}

GArray *ql_resolver_lookup(const ql_resolver *resolver, const char *host, uint16_t port,
                           GError **error)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(ql_address));
    take_detour(resolver, &host, &port);
    const entry *known = find_entry(resolver, host, port);
    bool named = known != NULL;
    for (char **at = named ? known->addresses : NULL; at != NULL && *at != NULL; at++)
        append(list, resolver->family, *at, port, AI_NUMERICHOST);
    int rv = named ? EAI_NONAME : append(list, resolver->family, host, port, 0);
    if (list->len > 0)
        return list;
    g_array_unref(list);
    if (named || rv == EAI_ADDRFAMILY)
        g_set_error(error, QL_RESOLVE_ERROR, 0, "%s has no %saddress%s", host,
                    family_name(resolver->family), named ? " in --resolve" : "");
    else
        g_set_error(error, QL_RESOLVE_ERROR, 0,
                    "cannot find the address of %s: %s; check the name, or give its address with "
                    "--resolve %s:%u:ADDRESS",
                    host, rv == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(rv), host, port);
    return NULL;
}
