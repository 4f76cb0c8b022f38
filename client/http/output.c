/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATHERED_BYTES 65536u /* are written at once, in however small pieces they come */

struct ql_stdout {
    int fd;
    bool terminal;
    bool waits;   /* as of ql_output */
    GQueue turns; /* ql_output; the first may write */
    ql_stdout_listener before;
    void *before_user;
};

struct ql_output {
    ql_stdout *shared; /* NULL: a file or nowhere */
    char *path;        /* NULL: not a file */
    bool behind;       /* what the file held stays */
    off_t start;       /* of what is written into the file */
    bool written;      /* something was */
    bool opened;       /* so the file is there */
    int fd;            /* -1: not open, or nowhere */
    bool waits;        /* a reader may be slow: never write more than fits */
    GQueue pending;    /* GBytes, that somebody else has to make room for */
    size_t first_written, pending_bytes;
    GByteArray *gathered; /* behind them; part of the pending bytes. NULL: closed, or nothing yet */
    char unfinished[4];   /* a character whose rest has not come, for a terminal */
    size_t unfinished_length;
};

/* A device that is no terminal, such as /dev/null, has no reader. */
static bool waits_for_reader(int fd)
{
    struct stat entry;
    return fstat(fd, &entry) == 0 && !S_ISREG(entry.st_mode) &&
           (!S_ISCHR(entry.st_mode) || isatty(fd) == 1);
}

ql_stdout *ql_stdout_new(int fd)
{
    ql_stdout *shared = g_new0(ql_stdout, 1);
    shared->fd = fd;
    shared->terminal = isatty(fd) == 1;
    shared->waits = waits_for_reader(fd);
    g_queue_init(&shared->turns);
    return shared;
}

void ql_stdout_free(ql_stdout *shared)
{
    if (shared == NULL)
        return;
    g_queue_clear(&shared->turns);
    g_free(shared);
}

bool ql_stdout_is_terminal(const ql_stdout *shared)
{
    return shared->terminal;
}

void ql_stdout_set_listener(ql_stdout *shared, ql_stdout_listener before, void *user)
{
    shared->before = before;
    shared->before_user = user;
}

static ql_output *output_new(void)
{
    ql_output *output = g_new0(ql_output, 1);
    output->fd = -1;
    g_queue_init(&output->pending);
    return output;
}

ql_output *ql_output_new_stdout(ql_stdout *shared)
{
    ql_output *output = output_new();
    output->shared = shared;
    output->fd = shared->fd;
    output->waits = shared->waits;
    g_queue_push_tail(&shared->turns, output);
    return output;
}

ql_output *ql_output_new_file(const char *path)
{
    ql_output *output = output_new();
    output->path = g_strdup(path);
    return output;
}

ql_output *ql_output_new_file_behind(const char *path)
{
    ql_output *output = ql_output_new_file(path);
    output->behind = true;
    return output;
}

ql_output *ql_output_new_nowhere(void)
{
    return output_new();
}

void ql_output_free(ql_output *output)
{
    if (output == NULL)
        return;
    if (output->shared != NULL)
        g_queue_remove(&output->shared->turns, output);
    else if (output->fd >= 0)
        close(output->fd);
    g_queue_clear_full(&output->pending, (GDestroyNotify)g_bytes_unref);
    g_clear_pointer(&output->gathered, g_byte_array_unref);
    g_free(output->path);
    g_free(output);
}

static void drop_pending(ql_output *output)
{
    g_queue_clear_full(&output->pending, (GDestroyNotify)g_bytes_unref);
    g_clear_pointer(&output->gathered, g_byte_array_unref);
    output->pending_bytes = output->first_written = 0;
}

/* What waits cannot be written any more. */
static bool fail(ql_output *output, int cause, GError **error)
{
    drop_pending(output);
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(cause), "cannot write %s%s: %s",
                output->path == NULL ? "to standard output" : "the file ",
                output->path == NULL ? "" : output->path, g_strerror(cause));
    return false;
}

const char *ql_output_path(const ql_output *output)
{
    return output->path;
}

bool ql_output_open(ql_output *output, GError **error)
{
    if (output->path == NULL || output->fd >= 0)
        return true;
    int existing = output->behind ? O_APPEND : O_TRUNC;
    output->fd = open(output->path, O_WRONLY | O_CREAT | existing | O_CLOEXEC | O_NOCTTY, 0666);
    if (output->fd < 0)
        return fail(output, errno, error);
    output->opened = true;
    output->start = output->behind ? lseek(output->fd, 0, SEEK_END) : 0;
    output->waits = waits_for_reader(output->fd);
    return true;
}

static bool has_turn(const ql_output *output)
{
    return output->shared == NULL || g_queue_peek_head(&output->shared->turns) == output;
}

static bool accepts_bytes(int fd)
{
    struct pollfd poller = { .fd = fd, .events = POLLOUT };
    return poll(&poller, 1, 0) != 0; /* an error is reported by the write that follows */
}

/* Returns how many bytes were written, or -1 with errno. A pipe that polls as writable takes
 * PIPE_BUF bytes at least, so that a write of no more does not block. */
static ssize_t write_some(const ql_output *output, const char *data, size_t length)
{
    size_t done = 0;
    const ql_stdout *shared = output->shared;
    if (output->waits && length > 0 && shared != NULL && shared->before != NULL)
        shared->before(shared->before_user);
    while (done < length) {
        size_t now = output->waits ? MIN(length - done, PIPE_BUF) : length - done;
        if (output->waits && !accepts_bytes(output->fd))
            break;
        ssize_t written = write(output->fd, data + done, now);
        if (written < 0 && errno == EAGAIN)
            break;
        if (written < 0 && errno != EINTR)
            return -1;
        done += written > 0 ? (size_t)written : 0;
    }
    return (ssize_t)done;
}

/* What is left of it joins those that wait. */
static bool write_gathered(ql_output *output, GError **error)
{
    GByteArray *gathered = output->gathered;
    ssize_t written = write_some(output, (const char *)gathered->data, gathered->len);
    if (written < 0)
        return fail(output, errno, error);
    output->pending_bytes -= (size_t)written;
    if ((size_t)written < gathered->len)
        g_queue_push_tail(&output->pending,
                          g_bytes_new(gathered->data + written, gathered->len - (size_t)written));
    g_byte_array_set_size(gathered, 0);
    return true;
}

bool ql_output_flush(ql_output *output, GError **error)
{
    while (!g_queue_is_empty(&output->pending) && has_turn(output)) {
        size_t size;
        GBytes *first = g_queue_peek_head(&output->pending);
        const char *data = g_bytes_get_data(first, &size);
        size_t left = size - output->first_written;
        ssize_t written = write_some(output, data + output->first_written, left);
        if (written < 0)
            return fail(output, errno, error);
        output->first_written += (size_t)written;
        output->pending_bytes -= (size_t)written;
        if ((size_t)written < left)
            return true;
        g_bytes_unref(g_queue_pop_head(&output->pending));
        output->first_written = 0;
    }
    return output->gathered == NULL || output->gathered->len == 0 || !has_turn(output) ||
           write_gathered(output, error);
}

static bool write_raw(ql_output *output, const char *data, size_t length, GError **error)
{
    if (output->gathered == NULL)
        output->gathered = g_byte_array_new();
    g_byte_array_append(output->gathered, (const guint8 *)data, (guint)length);
    output->pending_bytes += length;
    return output->gathered->len < GATHERED_BYTES || ql_output_flush(output, error);
}

/* A character may come in two pieces; its first bytes wait for the others. */
static bool write_to_terminal(ql_output *output, const char *data, size_t length, GError **error)
{
    g_autoptr(GString) whole =
        g_string_new_len(output->unfinished, (gssize)output->unfinished_length);
    g_autoptr(GString) shown = g_string_new(NULL);
    g_string_append_len(whole, data, (gssize)length);
    size_t later = ql_text_unfinished(whole->str, whole->len);
    memcpy(output->unfinished, whole->str + whole->len - later, later);
    output->unfinished_length = later;
    ql_text_append(shown, whole->str, whole->len - later, QL_TEXT_MANY_LINES);
    return write_raw(output, shown->str, shown->len, error);
}

bool ql_output_write(ql_output *output, const void *data, size_t length, GError **error)
{
    if (output->fd < 0 || length == 0)
        return true;
    output->written = true;
    return output->shared != NULL && output->shared->terminal
               ? write_to_terminal(output, data, length, error)
               : write_raw(output, data, length, error);
}

size_t ql_output_pending(const ql_output *output)
{
    return output->pending_bytes;
}

int ql_output_fd(const ql_output *output)
{
    return output->pending_bytes > 0 && has_turn(output) ? output->fd : -1;
}

bool ql_output_close(ql_output *output, GError **error)
{
    if (output->unfinished_length > 0) { /* bytes that never became a character */
        g_autoptr(GString) shown = g_string_new(NULL);
        ql_text_append(shown, output->unfinished, output->unfinished_length, QL_TEXT_MANY_LINES);
        output->unfinished_length = 0;
        if (!write_raw(output, shown->str, shown->len, error))
            return false;
    }
    if (!ql_output_flush(output, error))
        return false;
    g_clear_pointer(&output->gathered, g_byte_array_unref);
    if (output->shared != NULL) {
        g_queue_remove(&output->shared->turns, output);
        return true;
    }
    int fd = output->fd;
    output->fd = -1;
    return fd < 0 || close(fd) == 0 || fail(output, errno, error);
}

bool ql_output_rewind(ql_output *output)
{
    if (!output->written)
        return true;
    if (output->path == NULL || output->waits)
        return false;
    drop_pending(output);
    output->written = false;
    if (output->fd < 0) /* closed; ql_output_open empties it */
        return !output->behind || truncate(output->path, output->start) == 0;
    return ftruncate(output->fd, output->start) == 0 &&
           lseek(output->fd, output->start, SEEK_SET) >= 0;
}

void ql_output_remove(ql_output *output)
{
    struct stat entry;
    drop_pending(output);
    if (output->opened && lstat(output->path, &entry) == 0 && S_ISREG(entry.st_mode))
        unlink(output->path);
}

char *ql_output_unique_name(GHashTable *taken, const char *name)
{
    char *unique = g_strdup(name);
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(taken, name));
    while (g_hash_table_contains(taken, unique)) {
        g_free(unique);
        unique = g_strdup_printf("%s.%u", name, ++number);
    }
    g_hash_table_replace(taken, g_strdup(unique), NULL);
    if (number > 0)
        g_hash_table_replace(taken, g_strdup(name), GUINT_TO_POINTER(number));
    return unique;
}
