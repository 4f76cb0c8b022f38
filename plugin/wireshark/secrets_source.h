/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where secrets come from: the log that a preference names, read on while it grows, and the
 * Decryption Secrets Blocks inside the capture. */
#ifndef QL_SECRETS_SOURCE_H
#define QL_SECRETS_SOURCE_H

#include "wireshark/compat.h"

#include "model/session.h"

typedef struct ql_secrets_source ql_secrets_source;

/* Registers the preferences of the protocol, and quiclens.keylog_file among them. `changed` is
 * called when the user has changed one. Call once, while protocols are registered; lives as long as
 * Wireshark does. */
ql_secrets_source *ql_secrets_source_register(int protocol, void (*changed)(void));

/* After a change: one setting serves both. Wireshark's TLS dissector gets our log, unless the user
 * gave it another. */
void ql_secrets_source_share(ql_secrets_source *source);

/* Another capture, or the same from its beginning: everything is read again. */
void ql_secrets_source_restart(ql_secrets_source *source);

/* Hands over what is new. Cheap when there is nothing: the log is looked at only while the session
 * waits for secrets, and not more than some fifty times a second. `pinfo` leads to the capture's
 * own secrets, and is NULL on later passes, when these have been read. */
void ql_secrets_source_poll(ql_secrets_source *source, const packet_info *pinfo,
                            ql_session *session);

/* The capture is over: the log is looked at once more, without delay. */
void ql_secrets_source_finish(ql_secrets_source *source, ql_session *session);

#endif
