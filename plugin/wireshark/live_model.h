/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of the capture that Wireshark has open: fed on the first pass, built anew when
 * Wireshark begins anew, and gone when the capture is closed. The plugin's one context. */
#ifndef QL_LIVE_MODEL_H
#define QL_LIVE_MODEL_H

#include "wireshark/compat.h"

#include "model/session.h"

/* While protocols are registered. */
void ql_live_model_register(int protocol);

/* In the handoff routine, when all other protocols are known. */
void ql_live_model_handoff(dissector_handle_t postdissector);

/* A frame is dissected: on the first pass its datagram goes into the model; on later ones the model
 * only learns secrets that have come since. Gives the session. */
const ql_session *ql_live_model_visit(packet_info *pinfo, proto_tree *tree);

/* The session as it is; NULL when no capture is open. */
const ql_session *ql_live_model_session(void);

/* The session, finished as far as the capture goes; NULL when no capture is open. */
const ql_session *ql_live_model_finish(void);

#endif
