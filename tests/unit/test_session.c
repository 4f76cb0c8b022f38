/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/session.h"

#include "session_fixture.h"

static void test_plain(void)
{
    fixture f;
    set_up_with_secrets(&f);
    quic_send_handshake(f.tape, &f.ends);
    uint32_t asks = quic_send_frames(f.tape, &f.ends, QL_CLIENT,
                                     quic_put_stream(quic_bytes(), 0, 0, "hello", true));
    quic_send_frames(f.tape, &f.ends, QL_SERVER,
                     quic_put_stream(quic_bytes(), 0, 0, "world!", true));
    g_assert_cmpuint(play(&f), ==, 6);
    ql_session_finish(f.session);
    assert_connections(&f, 1);
    assert_opened(&f, 0, 8);
    assert_findings(&f, "");
    assert_events(&f, asks, "packet(1-RTT client 0) stream(0 0+5)");
    tear_down(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/a handshake and a request are opened", test_plain);
    return g_test_run();
}
