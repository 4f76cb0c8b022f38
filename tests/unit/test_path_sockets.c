/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define NEVER UINT64_MAX

static ql_address loopback(const char *host)
{
    struct sockaddr_in any = { .sin_family = AF_INET };
    g_assert_cmpint(inet_pton(AF_INET, host, &any.sin_addr), ==, 1);
    return ql_address_from((const struct sockaddr *)&any, sizeof any);
}

typedef struct stage {
    ql_udp *server;
    ql_path_sockets *sockets;
    ql_udp *first, *second;
} stage;

static void set_up(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_address any = loopback("127.0.0.1");
    s->server = ql_udp_listen(&any, NULL);
    s->sockets = ql_path_sockets_new(true);
    s->first = ql_path_sockets_open(s->sockets, ql_udp_local(s->server), NULL, NULL);
    s->second = ql_path_sockets_open(s->sockets, ql_udp_local(s->server), NULL, NULL);
    g_assert_true(s->first != NULL && s->second != NULL);
}

static void tear_down(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_path_sockets_free(s->sockets);
    ql_udp_free(s->server);
}

static ngtcp2_addr name_of(const ql_address *address)
{
    return (ngtcp2_addr){ (ngtcp2_sockaddr *)(uintptr_t)ql_address_sockaddr(address),
                          address->length };
}

static ql_udp *find(const stage *s, const ql_address *name)
{
    const ngtcp2_addr native = name_of(name);
    return ql_path_sockets_find(s->sockets, &native);
}

static void assert_name(const stage *s, const ql_udp *udp, const ql_address *name)
{
    ngtcp2_path path = ql_path_sockets_path(s->sockets, udp);
    ql_address local = ql_address_from(path.local.addr, path.local.addrlen);
    g_assert_true(ql_address_equal(&local, name));
}

static void test_a_socket_is_known_by_its_own_address(stage *s, gconstpointer unused)
{
    (void)unused;
    g_assert_true(find(s, ql_udp_local(s->first)) == s->first);
    g_assert_true(find(s, ql_udp_local(s->second)) == s->second);
    g_assert_true(ql_path_sockets_bound_to(s->sockets, ql_udp_local(s->second)) == s->second);
    assert_name(s, s->first, ql_udp_local(s->first));
    ql_address unknown = loopback("127.0.0.9");
    g_assert_null(find(s, &unknown));
    g_assert_null(ql_path_sockets_bound_to(s->sockets, &unknown));
    g_assert_cmpuint(ql_path_sockets_count(s->sockets), ==, 2);
}

static void test_another_name_leads_to_the_same_socket(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_address one = ql_path_sockets_alias(s->sockets, s->first);
    ql_address two = ql_path_sockets_alias(s->sockets, s->first);
    g_assert_false(ql_address_equal(&one, &two));
    g_assert_true(find(s, &one) == s->first && find(s, &two) == s->first);
    assert_name(s, s->first, ql_udp_local(s->first));
    ql_path_sockets_adopt(s->sockets, s->first, &two);
    assert_name(s, s->first, &two);
    g_assert_true(find(s, ql_udp_local(s->first)) == s->first);
}

static void test_who_replaces_a_socket_takes_all_its_names(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_address alias = ql_path_sockets_alias(s->sockets, s->first);
    ql_path_sockets_adopt(s->sockets, s->first, &alias);
    ql_path_sockets_replace(s->sockets, s->first, s->second);
    g_assert_true(find(s, &alias) == s->second);
    g_assert_true(find(s, ql_udp_local(s->first)) == s->second);
    assert_name(s, s->second, &alias);
}

static void test_nobody_reads_a_socket_that_was_replaced(stage *s, gconstpointer unused)
{
    (void)unused;
    const ql_address old = *ql_udp_local(s->first);
    ql_path_sockets_replace(s->sockets, s->first, s->second);
    g_assert_cmpuint(ql_path_sockets_count(s->sockets), ==, 1);
    g_assert_true(ql_path_sockets_at(s->sockets, 0) == s->second);
    g_assert_null(ql_path_sockets_bound_to(s->sockets, &old));
    /* It is still there: nobody else can have its port. */
    uint16_t port = ql_address_port(&old);
    const ql_local_end same = { .first_port = port, .last_port = port };
    g_assert_null(ql_path_sockets_open(s->sockets, ql_udp_local(s->server), &same, NULL));
}

static void test_what_is_retired_is_closed_in_its_time(stage *s, gconstpointer unused)
{
    (void)unused;
    ql_address name = *ql_udp_local(s->first);
    g_assert_cmpuint(ql_path_sockets_expiry(s->sockets), ==, NEVER);
    ql_path_sockets_retire_others(s->sockets, s->second, 100);
    ql_path_sockets_retire(s->sockets, s->first, 200); /* an earlier time stays */
    g_assert_cmpuint(ql_path_sockets_expiry(s->sockets), ==, 100);
    g_assert_false(ql_path_sockets_tick(s->sockets, 99));
    g_assert_true(ql_path_sockets_tick(s->sockets, 100));
    g_assert_cmpuint(ql_path_sockets_count(s->sockets), ==, 1);
    g_assert_true(ql_path_sockets_at(s->sockets, 0) == s->second);
    g_assert_null(find(s, &name));
    g_assert_cmpuint(ql_path_sockets_expiry(s->sockets), ==, NEVER);
}

static void test_a_socket_can_begin_at_a_chosen_address(stage *s, gconstpointer unused)
{
    (void)unused;
    const ql_local_end other = { .address = loopback("127.0.0.2") },
                       foreign = { .address = loopback("192.0.2.1") };
    g_autoptr(GError) error = NULL;
    ql_udp *udp = ql_path_sockets_open(s->sockets, ql_udp_local(s->server), &other, &error);
    g_assert_no_error(error);
    g_autofree char *text = ql_address_to_string(ql_udp_local(udp));
    g_assert_true(g_str_has_prefix(text, "127.0.0.2:"));
    g_assert_true(ql_address_equal(ql_udp_remote(udp), ql_udp_local(s->server)));
    g_assert_null(ql_path_sockets_open(s->sockets, ql_udp_local(s->server), &foreign, &error));
    g_assert_true(g_str_has_prefix(error->message, "cannot send from 192.0.2.1:0"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function)                                                                       \
    g_test_add("/path-sockets/" name, stage, NULL, set_up, function, tear_down)
    TEST("own", test_a_socket_is_known_by_its_own_address);
    TEST("alias", test_another_name_leads_to_the_same_socket);
    TEST("replace", test_who_replaces_a_socket_takes_all_its_names);
    TEST("deaf", test_nobody_reads_a_socket_that_was_replaced);
    TEST("retire", test_what_is_retired_is_closed_in_its_time);
    TEST("from", test_a_socket_can_begin_at_a_chosen_address);
    return g_test_run();
}
