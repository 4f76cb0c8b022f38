/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: everything that the captured datagrams, opened with the secrets, tell. Datagrams and
 * secrets go in, const queries come out. Single-threaded; knows nothing of where datagrams come
 * from. */
#ifndef QL_SESSION_H
#define QL_SESSION_H

#include "model/connection.h"
#include "model/journal.h"
#include "model/plaintexts.h"

/* Connections of one capture, at 20 to 40 kB each. Further ones are passed over with a finding. */
#define QL_CONNECTIONS_MAX 65536u

typedef struct ql_session ql_session;

ql_session *ql_session_new(void);
void ql_session_free(ql_session *session);

/* The content of messages is kept from now on, as long as all of it together takes not more than
 * `cap` bytes; 0, as at first, is none. */
void ql_session_keep_bodies(ql_session *session, uint64_t cap);

/* Whether contents that begin from now on are hashed: ql_message.sha256. At first they are. */
void ql_session_hash_bodies(ql_session *session, bool wanted);

/* The payloads of packets that are opened from now on are kept, as ql_plaintexts_keep() tells. */
void ql_session_keep_plaintexts(ql_session *session, uint64_t cap, ql_plaintext_at_hand at_hand,
                                void *user);

/* Text in NSS key log format; see ql_secrets_log_add(). Packets that waited for these secrets are
 * opened at once, in the order in which they were captured. */
void ql_session_add_secrets(ql_session *session, ql_slice text);

/* The datagram of a captured frame; frames in capture order, each once. True when it is QUIC of a
 * connection that is known now. */
bool ql_session_add_datagram(ql_session *session, const ql_datagram *datagram);

/* Whether packets of some connection wait for secrets: then it is worth reading the log again. */
bool ql_session_waits_for_secrets(const ql_session *session);

/* The capture ends here, or is looked at as if it did: what is missing to the end becomes findings.
 * May be called again after more datagrams; never says the same twice. */
void ql_session_finish(ql_session *session);

unsigned ql_session_connection_count(const ql_session *session);
const ql_connection *ql_session_connection(const ql_session *session, unsigned number);

/* Events of a captured frame, NULL when there are none. */
const ql_event *ql_session_events(const ql_session *session, uint32_t frame);

/* The payload of an opened packet. False when it was not kept, or has given way to newer ones.
 * Borrowed until the next datagram or secret comes in. */
bool ql_session_plaintext(const ql_session *session, const ql_packet_event *event, ql_slice *out);

/* const ql_finding *, as found. */
const GPtrArray *ql_session_findings(const ql_session *session);

#endif
