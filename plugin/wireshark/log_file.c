/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE 65536u
#define TAIL_MAX  65536u         /* a line of secrets has less than 300 bytes */
#define REST_US   G_USEC_PER_SEC /* a file is at rest when it was not written to for so long */

struct ql_log_file {
    char *path;
    dev_t device;
    ino_t inode;
    off_t offset;
    GByteArray *tail; /* the last line, while it has no end */
};

ql_log_file *ql_log_file_new(const char *path)
{
    ql_log_file *file = g_new0(ql_log_file, 1);
    file->path = g_strdup(path);
    file->tail = g_byte_array_new();
    return file;
}

void ql_log_file_free(ql_log_file *file)
{
    if (file == NULL)
        return;
    g_byte_array_unref(file->tail);
    g_free(file->path);
    g_free(file);
}

static bool fail(const ql_log_file *file, int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
                "The TLS secrets log \"%s\" cannot be read: %s", file->path, g_strerror(number));
    return false;
}

static void begin_anew(ql_log_file *file, const struct stat *now)
{
    file->device = now->st_dev;
    file->inode = now->st_ino;
    file->offset = 0;
    g_byte_array_set_size(file->tail, 0);
}

static void hand_over(ql_log_file *file, size_t length, ql_log_file_reader read, void *user)
{
    if (length == 0)
        return;
    read(user, (ql_slice){ file->tail->data, length });
    g_byte_array_remove_range(file->tail, 0, (guint)length);
}

static void hand_over_lines(ql_log_file *file, ql_log_file_reader read, void *user)
{
    const uint8_t *end =
        file->tail->len > 0 ? memrchr(file->tail->data, '\n', file->tail->len) : NULL;
    if (end != NULL)
        hand_over(file, (size_t)(end - file->tail->data) + 1, read, user);
    if (file->tail->len > TAIL_MAX)
        g_byte_array_set_size(file->tail, 0);
}

static bool read_on(ql_log_file *file, int fd, ql_log_file_reader read_lines, void *user)
{
    uint8_t *buffer = g_malloc(READ_SIZE);
    ssize_t got;
    while ((got = pread(fd, buffer, READ_SIZE, file->offset)) > 0) {
        file->offset += got;
        g_byte_array_append(file->tail, buffer, (guint)got);
        hand_over_lines(file, read_lines, user);
    }
    g_free(buffer);
    return got == 0;
}

static bool at_rest(const struct stat *now)
{
    gint64 written = (gint64)now->st_mtim.tv_sec * G_USEC_PER_SEC + now->st_mtim.tv_nsec / 1000;
    return g_get_real_time() - written > REST_US;
}

static bool look(ql_log_file *file, int fd, bool last, ql_log_file_reader read, void *user,
                 GError **error)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        return fail(file, errno, error);
    if (!S_ISREG(now.st_mode))
        return fail(file, S_ISDIR(now.st_mode) ? EISDIR : EINVAL, error);
    if (now.st_dev != file->device || now.st_ino != file->inode || now.st_size < file->offset)
        begin_anew(file, &now);
    if (now.st_size > file->offset && !read_on(file, fd, read, user))
        return fail(file, errno, error);
    if (last || at_rest(&now))
        hand_over(file, file->tail->len, read, user);
    return true;
}

bool ql_log_file_look(ql_log_file *file, bool last, ql_log_file_reader read, void *user,
                      GError **error)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(file, errno, error);
    bool seen = look(file, fd, last, read, user, error);
    close(fd);
    return seen;
}
