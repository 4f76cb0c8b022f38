/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals by which people and the system ask a program to end: SIGINT, SIGTERM and SIGHUP; not
 * those that who started the program has it ignore, as nohup does. */
#pragma once

/* From here on they wait. Returns a descriptor, which the caller has to close, that becomes
 * readable when one has come; -1 if the system has none left. */
int ql_ending_signals_hold(void);

/* The one that has come, 0 if none has. It can be taken once. */
int ql_ending_signals_take(int fd);

/* Ends the program as the signal would have, had it not been held. */
void ql_ending_signals_obey(int signal);
