/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resolve.h"

#include <string.h>

static char *look_up(int family, char *entry, const char *host, uint16_t port, GError **error)
{
    char *entries[] = { entry, NULL };
    ql_resolver *resolver = ql_resolver_new(family, entries, error);
    g_assert_nonnull(resolver);
    GArray *found = ql_resolver_lookup(resolver, host, port, error);
    GString *text = found == NULL ? NULL : g_string_new(NULL);
    for (guint i = 0; found != NULL && i < found->len; i++) {
        g_autofree char *one = ql_address_to_string(&g_array_index(found, ql_address, i));
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", one);
    }
    if (found != NULL)
        g_array_unref(found);
    ql_resolver_free(resolver);
    return text == NULL ? NULL : g_string_free(text, FALSE);
}

static void assert_found(int family, const char *entry, const char *host, uint16_t port,
                         const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = g_strdup(entry);
    g_autofree char *text = look_up(family, copy, host, port, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, expected);
}

static void test_resolve_says_where_a_host_is(void)
{
    assert_found(AF_UNSPEC, "a.example:443:192.0.2.1,[2001:db8::1],2001:db8::2", "A.example", 443,
                 "192.0.2.1:443 [2001:db8::1]:443 [2001:db8::2]:443");
    assert_found(AF_UNSPEC, "*:443:192.0.2.1", "b.example", 443, "192.0.2.1:443");
    assert_found(AF_UNSPEC, "[::1]:443:192.0.2.1", "::1", 443, "192.0.2.1:443");
}

static void test_resolve_is_for_its_port_only(void)
{
    assert_found(AF_UNSPEC, "127.0.0.2:1:192.0.2.1", "127.0.0.2", 2, "127.0.0.2:2");
}

static void test_a_family_picks_its_addresses(void)
{
    assert_found(AF_INET6, "a:1:192.0.2.1,2001:db8::1", "a", 1, "[2001:db8::1]:1");
    assert_found(AF_INET, "a:1:192.0.2.1,2001:db8::1", "a", 1, "192.0.2.1:1");
}

static void test_a_host_without_address_of_the_family_is_named(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *entry = g_strdup("a.example:1:192.0.2.1");
    g_assert_null(look_up(AF_INET6, entry, "a.example", 1, &error));
    g_assert_nonnull(strstr(error->message, "a.example"));
    g_assert_nonnull(strstr(error->message, "IPv6"));
}

static void test_a_name_that_is_not_found_is_named_with_the_way_out(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *entry = g_strdup("a:1:192.0.2.1");
    g_assert_null(look_up(AF_UNSPEC, entry, "no-such-host.invalid", 4433, &error));
    g_assert_nonnull(strstr(error->message, "no-such-host.invalid"));
    g_assert_nonnull(strstr(error->message, "--resolve no-such-host.invalid:4433:ADDRESS"));
}

static void test_entries_of_another_form_are_refused(void)
{
    static const char *const bad[] = {
        "",        "a",           "a:1",        "a:1:",         "a:1:b",
        "a:0:::1", "a:x:1.2.3.4", ":1:1.2.3.4", "a:1:1.2.3.4,", "[::1:1:::1"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *entry = g_strdup(bad[i]);
        char *entries[] = { entry, NULL };
        g_assert_null(ql_resolver_new(AF_UNSPEC, entries, &error));
        g_assert_nonnull(strstr(error->message, "HOST:PORT:ADDRESS"));
    }
}

/* Where one gets to from a host and port. */
static void assert_detour(const char *entry, const char *host, uint16_t port, const char *expected)
{
    g_autofree char *copy = g_strdup(entry);
    char *entries[] = { copy, NULL };
    ql_resolver *resolver = ql_resolver_new(AF_UNSPEC, NULL, NULL);
    g_assert_true(ql_resolver_connect_to(resolver, entries, NULL));
    g_autoptr(GArray) found = ql_resolver_lookup(resolver, host, port, NULL);
    g_autofree char *text = ql_address_to_string(&g_array_index(found, ql_address, 0));
    g_assert_cmpstr(text, ==, expected);
    ql_resolver_free(resolver);
}

static void test_a_detour_changes_host_and_port(void)
{
    assert_detour("A.example:443:192.0.2.1:8443", "a.example", 443, "192.0.2.1:8443");
    assert_detour("::192.0.2.1:", "a.example", 443, "192.0.2.1:443");
    assert_detour(":443:[2001:db8::1]:", "a.example", 443, "[2001:db8::1]:443");
    assert_detour("192.0.2.7:::8443", "192.0.2.7", 443, "192.0.2.7:8443");
    assert_detour("b.example::192.0.2.1:", "192.0.2.9", 443, "192.0.2.9:443");
    static const char *const bad[] = { "", "a", "a:443", "a:443:b", "a:x:b:1", "a:1:b:70000" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *copy = g_strdup(bad[i]);
        char *entries[] = { copy, NULL };
        ql_resolver *resolver = ql_resolver_new(AF_UNSPEC, NULL, NULL);
        g_assert_false(ql_resolver_connect_to(resolver, entries, NULL));
        ql_resolver_free(resolver);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/resolve/entries", test_resolve_says_where_a_host_is);
    g_test_add_func("/resolve/port", test_resolve_is_for_its_port_only);
    g_test_add_func("/resolve/family", test_a_family_picks_its_addresses);
    g_test_add_func("/resolve/no-family", test_a_host_without_address_of_the_family_is_named);
    g_test_add_func("/resolve/not-found", test_a_name_that_is_not_found_is_named_with_the_way_out);
    g_test_add_func("/resolve/refused", test_entries_of_another_form_are_refused);
    g_test_add_func("/resolve/detour", test_a_detour_changes_host_and_port);
    return g_test_run();
}
