/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_IN_A_ROW 8

struct ql_keylog {
    int fd; /* -1: lines go to the listener only */
    char *path;
    GError *failure;
    ql_keylog_listener listener;
    void *user;
};

static bool is_trusted(uid_t owner)
{
    return owner == geteuid() || owner == 0;
}

/* The target of a link that path ended in, relative to the link's folder; NULL with errno. The link
 * is opened itself, so that the one whose owner is checked is the one that is read. */
static char *read_own_link(const char *path)
{
    int link = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (link < 0)
        return NULL;
    struct stat entry;
    char target[4096];
    ssize_t length = -1;
    if (fstat(link, &entry) == 0 && S_ISLNK(entry.st_mode)) {
        errno = EPERM;
        if (is_trusted(entry.st_uid))
            length = readlinkat(link, "", target, sizeof target);
    }
    int cause = errno;
    close(link);
    errno = cause;
    if (length < 0 || (size_t)length == sizeof target)
        return NULL;
    g_autofree char *name = g_strndup(target, (gsize)length);
    g_autofree char *folder = g_path_get_dirname(path);
    return g_path_is_absolute(name) ? g_steal_pointer(&name) : g_build_filename(folder, name, NULL);
}

/* Opens for appending and follows only links that the user or root owns. -1 with errno; EPERM is a
 * stranger's link. */
static int open_log(const char *path)
{
    g_autofree char *at = g_strdup(path);
    for (int links = 0; links < LINKS_IN_A_ROW; links++) {
        /* What /dev/stderr leads to is a link that only the kernel can read. */
        bool descriptor = g_str_has_prefix(at, "/proc/self/fd/");
        int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
        int fd = open(at, descriptor ? flags : flags | O_NOFOLLOW, 0600);
        if (fd >= 0 || errno != ELOOP)
            return fd;
        char *target = read_own_link(at);
        if (target == NULL)
            return -1;
        g_free(at);
        at = target;
    }
    errno = ELOOP;
    return -1;
}

/* A program that was killed can leave half a line behind; ours then begins on a new one. */
static bool end_broken_line(int fd, off_t size)
{
    char last = '\n';
    g_autofree char *same = g_strdup_printf("/proc/self/fd/%d", fd);
    int reader = size > 0 ? open(same, O_RDONLY | O_CLOEXEC) : -1;
    if (reader >= 0) {
        if (pread(reader, &last, 1, size - 1) != 1)
            last = '\n';
        close(reader);
    }
    return last == '\n' || write(fd, "\n", 1) == 1;
}

static bool check_log(int fd, const char **why)
{
    struct stat entry;
    if (fstat(fd, &entry) != 0) {
        *why = g_strerror(errno);
        return false;
    }
    if (!S_ISREG(entry.st_mode) && !S_ISFIFO(entry.st_mode))
        return true;
    if (!is_trusted(entry.st_uid)) {
        *why = "it belongs to another user, who could read the secrets";
        return false;
    }
    if (S_ISFIFO(entry.st_mode))
        return true;
    if ((entry.st_uid == geteuid() && fchmod(fd, 0600) != 0) ||
        !end_broken_line(fd, entry.st_size)) {
        *why = g_strerror(errno);
        return false;
    }
    return true;
}

ql_keylog *ql_keylog_new(const char *path, GError **error)
{
    const char *asked = path != NULL ? "--keys" : "SSLKEYLOGFILE";
    if (path == NULL)
        path = g_getenv("SSLKEYLOGFILE");
    ql_keylog *log = g_new0(ql_keylog, 1);
    log->fd = -1;
    if (path == NULL || *path == '\0')
        return log;
    const char *why = NULL;
    log->fd = open_log(path);
    if (log->fd < 0)
        why = errno == EPERM ? "it is a symbolic link of another user" : g_strerror(errno);
    if (log->fd < 0 || !check_log(log->fd, &why)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot write the secrets log %s (%s): %s", path, asked, why);
        ql_keylog_close(log, NULL);
        return NULL;
    }
    log->path = g_strdup(path);
    return log;
}

void ql_keylog_set_listener(ql_keylog *log, ql_keylog_listener listener, void *user)
{
    log->listener = listener;
    log->user = user;
}

const char *ql_keylog_path(const ql_keylog *log)
{
    return log->path;
}

void ql_keylog_write(ql_keylog *log, const char *line)
{
    size_t length = strlen(line);
    bool ended = length > 0 && line[length - 1] == '\n';
    g_autofree char *whole = g_strdup_printf("%s\n", line);
    if (ended)
        length--;
    whole[length] = '\n';
    if (log->fd >= 0 && log->failure == NULL) {
        ssize_t written;
        do {
            written = write(log->fd, whole, length + 1);
        } while (written < 0 && errno == EINTR);
        if (written != (ssize_t)length + 1)
            g_set_error(&log->failure, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "cannot write the secrets log %s: %s", log->path,
                        written < 0 ? g_strerror(errno) : "no space left for a whole line");
    }
    if (log->listener != NULL) {
        whole[length] = '\0';
        log->listener(whole, log->user);
    }
    explicit_bzero(whole, length);
}

bool ql_keylog_close(ql_keylog *log, GError **error)
{
    if (log == NULL)
        return true;
    if (log->fd >= 0 && close(log->fd) != 0 && log->failure == NULL)
        g_set_error(&log->failure, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot write the secrets log %s: %s", log->path, g_strerror(errno));
    bool good = log->failure == NULL;
    if (!good)
        g_propagate_error(error, log->failure);
    g_free(log->path);
    g_free(log);
    return good;
}
