/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_origin.h"

#include "origin.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Little, so that a client that moves in the middle of an answer does so before all of it was sent,
 * on whatever machine. */
#define UNACKED (48u * 1024u)

struct ql_demo_origin {
    ql_origin_certificate *certificate;
    uint16_t port;
    pid_t pid;
    int life; /* the child serves as long as this end of a pipe is open */
};

static ql_origin *listen_on_loopback(const ql_origin_certificate *certificate,
                                     const ql_origin_content *content, GError **error)
{
    struct sockaddr_in loopback = { .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    ql_address listen = ql_address_from((struct sockaddr *)&loopback, sizeof loopback);
    const ql_origin_options options = {
        .listen = &listen,
        .listen_count = 1,
        .tls.certificate = certificate,
        .http = { .content = content, .unacked = UNACKED },
    };
    return ql_origin_new(&options, error);
}

/* The socket is open before the fork, so that no packet of the client's can come too early. Ctrl-C
 * is for the parent, whose end this process notices. */
static bool fork_off(ql_demo_origin *demo, ql_origin *origin, GError **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || fflush(NULL) != 0 || (demo->pid = fork()) < 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "the origin's process cannot be started: %s", g_strerror(errno));
        return false;
    }
    if (demo->pid == 0) {
        signal(SIGINT, SIG_IGN);
        close(ends[1]);
        _exit(ql_origin_run(origin, ends[0], NULL) ? 0 : 1);
    }
    close(ends[0]);
    demo->life = ends[1];
    return true;
}

ql_demo_origin *ql_demo_origin_start(GError **error)
{
    ql_demo_origin *demo = g_new0(ql_demo_origin, 1);
    demo->life = -1;
    demo->certificate = ql_origin_certificate_load(NULL, error);
    ql_origin_content *content =
        demo->certificate != NULL ? ql_origin_content_new(NULL, error) : NULL;
    ql_origin *origin =
        content != NULL ? listen_on_loopback(demo->certificate, content, error) : NULL;
    bool ok = origin != NULL;
    if (ok) {
        demo->port = ql_address_port(ql_origin_address(origin, 0));
        ok = fork_off(demo, origin, error);
    }
    /* The child has its own. */
    ql_origin_free(origin);
    ql_origin_content_free(content);
    if (!ok)
        g_clear_pointer(&demo, ql_demo_origin_stop);
    return demo;
}

void ql_demo_origin_stop(ql_demo_origin *demo)
{
    if (demo == NULL)
        return;
    if (demo->life >= 0)
        close(demo->life);
    if (demo->pid > 0) {
        kill(demo->pid,
             SIGTERM); /* all has been said: there is no need to wait for a long goodbye */
        while (waitpid(demo->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    ql_origin_certificate_free(demo->certificate);
    g_free(demo);
}

uint16_t ql_demo_origin_port(const ql_demo_origin *demo)
{
    return demo->port;
}

const char *ql_demo_origin_certificate(const ql_demo_origin *demo)
{
    return demo->certificate->path;
}
