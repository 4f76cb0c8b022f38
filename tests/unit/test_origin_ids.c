/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_ids.h"

#include "assert_bytes.h"

#include <glib.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t secret[QL_ORIGIN_SECRET_BYTES] = "a secret of the origin's";
static const ngtcp2_cid first = { .datalen = 5, .data = "first" };

typedef struct fixture {
    ql_origin_cids *table;
    ql_address remote;
    int owner;
} fixture;

static ql_origin_ids *ids_new(fixture *f, size_t length)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(7) };
    const ql_origin_ids_place place = { f->table, &f->owner, secret, length };
    f->remote = ql_address_from((const struct sockaddr *)&v4, sizeof v4);
    return ql_origin_ids_new(&place, &f->remote);
}

static void *owner_of(const fixture *f, const ngtcp2_cid *cid)
{
    return ql_origin_cids_find(f->table, cid->data, cid->datalen);
}

static void test_issued_ids_are_found_until_they_are_retired(fixture *f, gconstpointer unused)
{
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], expected[NGTCP2_STATELESS_RESET_TOKENLEN];
    ngtcp2_cid one, two;
    (void)unused;
    ql_origin_ids *ids = ids_new(f, 8);
    ql_origin_ids_add(ids, &first);
    g_assert_true(ql_origin_ids_issue(ids, &one, token) && ql_origin_ids_issue(ids, &two, token));
    g_assert_cmpuint(two.datalen, ==, 8);
    g_assert_false(ngtcp2_cid_eq(&one, &two));
    ngtcp2_crypto_generate_stateless_reset_token(expected, secret, sizeof secret, &two);
    assert_bytes(token, sizeof token, expected, sizeof expected);
    ql_origin_ids_remove(ids, &one);
    g_assert_null(owner_of(f, &one));
    g_assert_true(owner_of(f, &two) == &f->owner && owner_of(f, &first) == &f->owner);
    ql_origin_ids_free(ids);
    g_assert_null(owner_of(f, &two));
    g_assert_null(owner_of(f, &first));
}

static void test_without_ids_the_address_is_known(fixture *f, gconstpointer unused)
{
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
    ngtcp2_cid cid;
    (void)unused;
    ql_origin_ids *ids = ids_new(f, 0);
    g_assert_true(ql_origin_ids_issue(ids, &cid, token));
    g_assert_cmpuint(cid.datalen, ==, 0);
    g_assert_true(ql_origin_cids_find_remote(f->table, &f->remote) == &f->owner);
    ql_origin_ids_free(ids);
    g_assert_null(ql_origin_cids_find_remote(f->table, &f->remote));
}

static void test_all_but_the_last_can_be_retired(fixture *f, gconstpointer unused)
{
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], frame[QL_ORIGIN_IDS_FRAME_BYTES];
    static const uint8_t head[] = { 0x18, 0x40, 2, 0x40, 2, 8 };
    ngtcp2_cid cid;
    (void)unused;
    ql_origin_ids *ids = ids_new(f, 8);
    ql_origin_ids_issue(ids, &cid, token);
    g_assert_cmpuint(ql_origin_ids_retirement(ids, frame), ==, 0);
    g_assert_true(ql_origin_ids_issue(ids, &cid, token) && ql_origin_ids_issue(ids, &cid, token));
    g_assert_cmpuint(ql_origin_ids_retirement(ids, frame), ==, sizeof head + 8 + sizeof token);
    assert_bytes(frame, sizeof head, head, sizeof head);
    assert_bytes(frame + sizeof head, 8, cid.data, 8);
    assert_bytes(frame + sizeof head + 8, sizeof token, token, sizeof token);
    ql_origin_ids_free(ids);
}

static void set_up(fixture *f, gconstpointer unused)
{
    (void)unused;
    f->table = ql_origin_cids_new();
}

static void tear_down(fixture *f, gconstpointer unused)
{
    (void)unused;
    ql_origin_cids_free(f->table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/origin-ids/issue", fixture, NULL, set_up,
               test_issued_ids_are_found_until_they_are_retired, tear_down);
    g_test_add("/origin-ids/none", fixture, NULL, set_up, test_without_ids_the_address_is_known,
               tear_down);
    g_test_add("/origin-ids/retire", fixture, NULL, set_up, test_all_but_the_last_can_be_retired,
               tear_down);
    return g_test_run();
}
