/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/live_model.h"

#include "wireshark/datagram_source.h"
#include "wireshark/kept_bodies.h"
#include "wireshark/migration_repair.h"
#include "wireshark/plaintext_source.h"
#include "wireshark/secrets_source.h"

static struct {
    ql_session *session;
    bool begun; /* the first datagram went in */
    ql_datagram_source datagrams;
    ql_secrets_source *secrets;
    const packet_info *visited; /* of the frame that is being shown to the model; NULL: of none */
} live;

static void capture_closed(void)
{
    ql_session_free(live.session);
    live.session = NULL;
    live.begun = false;
    ql_secrets_source_restart(live.secrets);
    ql_migration_repair_restart();
}

static void capture_opened(void)
{
    capture_closed();
    live.session = ql_session_new();
}

/* All of the capture was read: later passes show what waited in vain, too. */
static void capture_read(void)
{
    ql_live_model_finish();
}

static void preferences_changed(void)
{
    ql_secrets_source_share(live.secrets);
}

void ql_live_model_register(int protocol)
{
    live.secrets = ql_secrets_source_register(protocol, preferences_changed);
    ql_migration_repair_register();
    ql_kept_bodies_register();
    ql_plaintext_source_register();
    register_init_routine(capture_opened);
    register_postseq_cleanup_routine(capture_read);
    register_cleanup_routine(capture_closed);
}

void ql_live_model_handoff(dissector_handle_t postdissector)
{
    ql_datagram_source_init(&live.datagrams, postdissector);
    ql_migration_repair_handoff();
}

/* A packet of an earlier frame was opened late, which Wireshark does not do on this pass. */
static bool is_at_hand(void *unused, uint32_t frame, ql_slice payload)
{
    (void)unused;
    return live.visited != NULL && live.visited->num == frame &&
           ql_plaintext_source_has(live.visited, payload);
}

/* tshark has its listeners when it begins to read, not yet when it opens a capture. */
static void begin(void)
{
    if (live.begun)
        return;
    live.begun = true;
    ql_session_keep_bodies(live.session, ql_kept_bodies_cap());
    ql_session_hash_bodies(live.session, ql_kept_bodies_are_hashed());
    ql_session_keep_plaintexts(live.session, ql_plaintext_source_cap(), is_at_hand, NULL);
}

const ql_session *ql_live_model_visit(packet_info *pinfo, proto_tree *tree)
{
    if (live.session == NULL)
        return NULL;
    if (PINFO_FD_VISITED(pinfo)) {
        ql_secrets_source_poll(live.secrets, NULL, live.session);
        return live.session;
    }
    ql_datagram datagram;
    if (!ql_datagram_source_read(&live.datagrams, pinfo, tree, &datagram))
        return live.session;
    begin();
    ql_secrets_source_poll(live.secrets, pinfo, live.session);
    live.visited = pinfo;
    bool known = ql_session_add_datagram(live.session, &datagram);
    live.visited = NULL;
    if (known)
        ql_migration_repair_visit(pinfo, live.session);
    return live.session;
}

const ql_session *ql_live_model_session(void)
{
    return live.session;
}

const ql_session *ql_live_model_finish(void)
{
    if (live.session == NULL)
        return NULL;
    ql_secrets_source_finish(live.secrets, live.session);
    ql_session_finish(live.session);
    return live.session;
}
