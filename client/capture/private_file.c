/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "private_file.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

GError *ql_private_file_error(const char *path, const char *what, int cause)
{
    g_autofree char *shown = ql_text_escape(path);
    return g_error_new(G_FILE_ERROR, (gint)g_file_error_from_errno(cause), "cannot write %s %s: %s",
                       what, shown, g_strerror(cause));
}

/* O_NOFOLLOW alone would also refuse the links of our own user and those of the system. */
static bool is_link_of_a_stranger(const char *path)
{
    struct stat entry;
    return lstat(path, &entry) == 0 && S_ISLNK(entry.st_mode) && entry.st_uid != geteuid() &&
           entry.st_uid != 0;
}

/* A file that is empty is not cut off again: ext4 would then wait with close until all that is
 * written afterwards is on its way to the disk. */
static bool empty(int fd, const struct stat *entry)
{
    return !S_ISREG(entry->st_mode) ||
           ((entry->st_size == 0 || ftruncate(fd, 0) == 0) && fchmod(fd, 0600) == 0);
}

int ql_private_file_open(const char *path, const char *what, GError **error)
{
    if (is_link_of_a_stranger(path)) {
        g_autofree char *shown = ql_text_escape(path);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_ACCES,
                    "cannot write %s %s: it is another user's symbolic link", what, shown);
        return -1;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct stat entry;
    if (fd < 0 || fstat(fd, &entry) != 0 || !empty(fd, &entry)) {
        g_propagate_error(error, ql_private_file_error(path, what, errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}
