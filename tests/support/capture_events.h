/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened to connection IDs and paths, and facts that are told in a sentence, packet by packet,
 * as JSON lines: what the logs of endpoints can be held against.
 *
 *   {"connection":0,"frame":9,"sender":"client","number":7,"event":"cid.retired","value":"6a01",
 *    "sequence":0,"repeated":false,"previous":null,"reason":null}
 *   {"connection":0,"frame":9,"sender":"client","number":7,"event":"path.challenge","path":1,
 *    "data":"0011223344556677"}
 *   {"connection":0,"frame":9,"sender":"client","number":7,"event":"text","text":"GOAWAY of ..."}
 *
 * `sender` and `number` are of the packet that the event came with. */
#ifndef CAPTURE_EVENTS_H
#define CAPTURE_EVENTS_H

#include "model/session.h"

#include <stdio.h>

void capture_write_events(const ql_session *session, FILE *out);

#endif
