/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lookup.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* Shared by the thread and the one who asks; the last of them frees it. */
struct ql_lookup {
    const ql_resolver *resolver;
    char *host;
    uint16_t port;
    int ready; /* eventfd */
    gint done; /* atomic; what follows is the asker's from then on */
    GArray *addresses;
    GError *error;
};

static void lookup_clear(void *data)
{
    ql_lookup *lookup = data;
    ql_resolver_free((ql_resolver *)(uintptr_t)lookup->resolver);
    g_free(lookup->host);
    if (lookup->ready >= 0)
        close(lookup->ready);
    if (lookup->addresses != NULL)
        g_array_unref(lookup->addresses);
    g_clear_error(&lookup->error);
}

static void answer(ql_lookup *lookup)
{
    lookup->addresses =
        ql_resolver_lookup(lookup->resolver, lookup->host, lookup->port, &lookup->error);
    g_atomic_int_set(&lookup->done, 1);
    /* Without a descriptor the thread was not begun. */
    if (lookup->ready >= 0 && eventfd_write(lookup->ready, 1) != 0)
        g_error("the answer of the name service cannot be told");
}

static void *run(void *data)
{
    answer(data);
    g_atomic_rc_box_release_full(data, lookup_clear);
    return NULL;
}

ql_lookup *ql_lookup_new(const ql_resolver *resolver, const char *host, uint16_t port)
{
    ql_lookup *lookup = g_atomic_rc_box_new0(ql_lookup);
    lookup->resolver = ql_resolver_ref(resolver);
    lookup->host = g_strdup(host);
    lookup->port = port;
    lookup->ready = -1;
    if (!ql_resolver_knows(resolver, host, port))
        lookup->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    GThread *thread = NULL;
    if (lookup->ready >= 0) {
        thread = g_thread_try_new("name service", run, g_atomic_rc_box_acquire(lookup), NULL);
        if (thread == NULL) {
            g_atomic_rc_box_release(lookup);
        } else {
            g_thread_unref(thread);
            return lookup;
        }
    }
    answer(lookup);
    return lookup;
}

void ql_lookup_free(ql_lookup *lookup)
{
    if (lookup != NULL)
        g_atomic_rc_box_release_full(lookup, lookup_clear);
}

bool ql_lookup_is_done(const ql_lookup *lookup)
{
    return g_atomic_int_get(&lookup->done) != 0;
}

int ql_lookup_fd(const ql_lookup *lookup)
{
    return lookup->ready;
}

GArray *ql_lookup_take(ql_lookup *lookup, GError **error)
{
    if (lookup->error != NULL)
        g_propagate_error(error, g_steal_pointer(&lookup->error));
    return g_steal_pointer(&lookup->addresses);
}
