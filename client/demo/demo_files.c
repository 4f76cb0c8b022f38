/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demo_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS_HEAD "# " QL_DEMO_MARK "\n"

/* How far into the file its mark is looked for. */
#define HEAD_BYTES 256

static const uint8_t pcapng_magic[] = { 0x0a, 0x0d, 0x0d, 0x0a };

/* The file's first bytes; -1 with errno if it cannot be read, or is no regular file (EINVAL). */
static ssize_t read_head(const char *path, uint8_t *head)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat entry;
    if (fd < 0)
        return -1;
    ssize_t length = -1;
    if (fstat(fd, &entry) == 0 && S_ISREG(entry.st_mode))
        length = read(fd, head, HEAD_BYTES);
    else
        errno = EINVAL;
    int cause = errno;
    close(fd);
    errno = cause;
    return length;
}

static bool check(const char *path, bool (*is_own)(const uint8_t *head, size_t length),
                  GError **error)
{
    uint8_t head[HEAD_BYTES];
    ssize_t length = read_head(path, head);
    if (length < 0 && errno == ENOENT)
        return true;
    if (length >= 0 && is_own(head, (size_t)length))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s is there and was not written by the demo, which will not write over it: move "
                "it away, or run the demo in another folder",
                path);
    return false;
}

static bool is_own_capture(const uint8_t *head, size_t length)
{
    return length >= sizeof pcapng_magic && memcmp(head, pcapng_magic, sizeof pcapng_magic) == 0 &&
           memmem(head, length, QL_DEMO_MARK, strlen(QL_DEMO_MARK)) != NULL;
}

static bool is_own_keys(const uint8_t *head, size_t length)
{
    return length >= strlen(KEYS_HEAD) && memcmp(head, KEYS_HEAD, strlen(KEYS_HEAD)) == 0;
}

bool ql_demo_files_check_capture(const char *path, GError **error)
{
    return check(path, is_own_capture, error);
}

bool ql_demo_files_check_keys(const char *path, GError **error)
{
    return check(path, is_own_keys, error);
}

bool ql_demo_files_begin_keys(const char *path, GError **error)
{
    return g_file_set_contents_full(path, KEYS_HEAD, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                    error);
}
