/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ending_signals.h"

#include <glib.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t ending_signals(void)
{
    static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < G_N_ELEMENTS(ending); i++)
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&signals, ending[i]);
    return signals;
}

int ql_ending_signals_hold(void)
{
    const sigset_t signals = ending_signals();
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    /* Without a descriptor they would wait for ever. */
    if (fd >= 0)
        sigprocmask(SIG_BLOCK, &signals, NULL);
    return fd;
}

int ql_ending_signals_take(int fd)
{
    struct signalfd_siginfo info;
    ssize_t length = fd < 0 ? -1 : read(fd, &info, sizeof info);
    return length == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void ql_ending_signals_obey(int signal)
{
    const sigset_t signals = ending_signals();
    raise(signal);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
