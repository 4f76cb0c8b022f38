/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "body.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES     65536u
#define BYTES_IN_FLIGHT 4194304u

/* Either text or a file. */
typedef struct part {
    GBytes *text;
    char *path;   /* NULL for text */
    int fd;       /* -1: not open, which a regular file is only while it is read */
    int64_t left; /* to be sent of a regular file; -1: unknown */
    bool strip;
    bool regular;
} part;

/* What a part was made from, for it to be made again. */
typedef struct source {
    GBytes *text;
    char *path; /* NULL for text */
    bool strip;
} source;

struct ql_body {
    GArray *sources;
    bool read_once;            /* a pipe is among them */
    GQueue parts;              /* part; the first is the one being read */
    GQueue pieces;             /* GBytes, not yet acknowledged */
    size_t first_acknowledged; /* bytes of the first piece */
    size_t in_flight;
    int64_t length;
    int waits_for;         /* descriptor or -1 */
    ql_body_filter filter; /* NULL: none, or it has been told of the end */
    void *filter_user;
    GQueue interjected; /* GBytes */
    bool held;
};

static void source_clear(void *data)
{
    source *old = data;
    g_clear_pointer(&old->text, g_bytes_unref);
    g_free(old->path);
}

ql_body *ql_body_new(void)
{
    ql_body *body = g_new0(ql_body, 1);
    body->sources = g_array_new(FALSE, FALSE, sizeof(source));
    g_array_set_clear_func(body->sources, source_clear);
    g_queue_init(&body->parts);
    g_queue_init(&body->pieces);
    g_queue_init(&body->interjected);
    body->waits_for = -1;
    return body;
}

static void part_free(part *old)
{
    if (old->text != NULL)
        g_bytes_unref(old->text);
    if (old->fd >= 0)
        close(old->fd);
    g_free(old->path);
    g_free(old);
}

void ql_body_free(ql_body *body)
{
    if (body == NULL)
        return;
    g_array_unref(body->sources);
    g_queue_clear_full(&body->parts, (GDestroyNotify)part_free);
    g_queue_clear_full(&body->pieces, (GDestroyNotify)g_bytes_unref);
    g_queue_clear_full(&body->interjected, (GDestroyNotify)g_bytes_unref);
    g_free(body);
}

static void add_bytes(ql_body *body, GBytes *text)
{
    part *added = g_new0(part, 1);
    source from = { .text = g_bytes_ref(text) };
    added->text = text;
    added->fd = -1;
    g_queue_push_tail(&body->parts, added);
    g_array_append_val(body->sources, from);
    if (body->length >= 0)
        body->length += (int64_t)g_bytes_get_size(text);
}

void ql_body_add_text(ql_body *body, const char *text, size_t length)
{
    if (length > 0)
        add_bytes(body, g_bytes_new(text, length));
}

static size_t strip_line_ends(uint8_t *data, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length; i++)
        if (data[i] != '\r' && data[i] != '\n' && data[i] != '\0')
            data[kept++] = data[i];
    return kept;
}

/* How many bytes of a regular file from start on are to be sent. Some servers lose content whose
 * length is not announced, so that reading it twice is worth it. */
static int64_t measure(int fd, off_t start, off_t size, bool strip)
{
    if (!strip)
        return MAX(size - start, 0);
    g_autofree uint8_t *data = g_malloc(PIECE_BYTES);
    int64_t kept = 0;
    ssize_t got;
    while ((got = pread(fd, data, PIECE_BYTES, start)) > 0) {
        kept += (int64_t)strip_line_ends(data, (size_t)got);
        start += got;
    }
    return kept;
}

static bool fail_to_read(const char *what, int cause, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(cause), "cannot read %s: %s",
                what, g_strerror(cause));
    return false;
}

bool ql_body_add_file(ql_body *body, const char *path, bool strip, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                      : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat entry;
    if (fd < 0 || fstat(fd, &entry) != 0 || S_ISDIR(entry.st_mode)) {
        int cause = fd >= 0 && S_ISDIR(entry.st_mode) ? EISDIR : errno;
        if (fd >= 0)
            close(fd);
        return fail_to_read(standard ? "standard input" : path, cause, error);
    }
    part *added = g_new0(part, 1);
    added->path = g_strdup(standard ? "standard input" : path);
    added->fd = fd;
    added->strip = strip;
    added->regular = S_ISREG(entry.st_mode);
    added->left = -1;
    if (added->regular)
        added->left = measure(fd, standard ? lseek(fd, 0, SEEK_CUR) : 0, entry.st_size, strip);
    body->length = added->left < 0 || body->length < 0 ? -1 : body->length + added->left;
    if (added->regular && !standard) { /* many requests may wait, each with a file */
        close(fd);
        added->fd = -1;
    }
    g_queue_push_tail(&body->parts, added);
    source from = { .path = g_strdup(path), .strip = strip };
    g_array_append_val(body->sources, from);
    body->read_once = body->read_once || standard || !added->regular;
    return true;
}

bool ql_body_check_file(const char *path, GError **error)
{
    if (strcmp(path, "-") == 0)
        return true;
    int cause = g_file_test(path, G_FILE_TEST_IS_DIR)              ? EISDIR
                : faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 ? errno
                                                                   : 0;
    return cause == 0 || fail_to_read(path, cause, error);
}

bool ql_body_can_repeat(const ql_body *body)
{
    return !body->read_once;
}

ql_body *ql_body_new_again(const ql_body *body, GError **error)
{
    ql_body *again = ql_body_new();
    for (guint i = 0; i < body->sources->len; i++) {
        const source *from = &g_array_index(body->sources, source, i);
        if (from->text != NULL) {
            add_bytes(again, g_bytes_ref(from->text));
        } else if (!ql_body_add_file(again, from->path, from->strip, error)) {
            ql_body_free(again);
            return NULL;
        }
    }
    return again;
}

int64_t ql_body_length(const ql_body *body)
{
    return body->length;
}

static bool is_readable(int fd)
{
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    return poll(&poller, 1, 0) != 0;
}

static void *fail(const part *from, const char *why, ql_body_state *state, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot read %s: %s", from->path, why);
    *state = QL_BODY_FAILED;
    return NULL;
}

/* The next piece of a file; NULL with QL_BODY_END at its end. An empty piece is one that was all
 * line ends. */
static GBytes *read_piece(ql_body *body, part *from, ql_body_state *state, GError **error)
{
    *state = QL_BODY_END;
    if (from->left == 0)
        return NULL;
    if (from->fd < 0)
        from->fd = open(from->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (from->fd < 0)
        return fail(from, g_strerror(errno), state, error);
    if (!from->regular && !is_readable(from->fd)) {
        body->waits_for = from->fd;
        *state = QL_BODY_WAIT;
        return NULL;
    }
    g_autofree uint8_t *data = g_malloc(PIECE_BYTES);
    ssize_t got;
    do {
        got = read(from->fd, data, PIECE_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) {
        body->waits_for = from->fd;
        *state = QL_BODY_WAIT;
        return NULL;
    }
    if (got < 0)
        return fail(from, g_strerror(errno), state, error);
    if (got == 0 && from->left > 0)
        return fail(from, "it became shorter while it was sent", state, error);
    if (got == 0)
        return NULL;
    size_t length = from->strip ? strip_line_ends(data, (size_t)got) : (size_t)got;
    if (from->left > 0) { /* what was added to the file since is not sent */
        length = MIN(length, (size_t)from->left);
        from->left -= (int64_t)length;
    }
    *state = QL_BODY_PIECE;
    return g_bytes_new_take(g_steal_pointer(&data), length);
}

void ql_body_set_filter(ql_body *body, ql_body_filter filter, void *user)
{
    body->filter = filter;
    body->filter_user = user;
    body->length = -1;
}

void ql_body_hold(ql_body *body)
{
    body->held = true;
    body->length = -1;
}

void ql_body_interject(ql_body *body, const uint8_t *data, size_t length)
{
    if (length > 0)
        g_queue_push_tail(&body->interjected, g_bytes_new(data, length));
}

void ql_body_finish(ql_body *body)
{
    g_queue_clear_full(&body->parts, (GDestroyNotify)part_free);
    body->filter = NULL;
    body->held = false;
}

/* Takes piece; NULL is the end. */
static GBytes *pass_filter(ql_body *body, GBytes *piece)
{
    if (body->filter == NULL)
        return piece;
    GByteArray *out = g_byte_array_new();
    gsize length = 0;
    const uint8_t *data = piece == NULL ? NULL : g_bytes_get_data(piece, &length);
    if (piece == NULL || length > 0)
        body->filter(data, length, out, body->filter_user);
    if (piece == NULL)
        body->filter = NULL;
    else
        g_bytes_unref(piece);
    return g_byte_array_free_to_bytes(out);
}

/* The next piece of the parts, which may be empty. */
static ql_body_state read_parts(ql_body *body, GBytes **piece, GError **error)
{
    part *from = g_queue_peek_head(&body->parts);
    ql_body_state state = QL_BODY_PIECE;
    if (from == NULL && body->held)
        return QL_BODY_WAIT;
    if (from == NULL) {
        *piece = pass_filter(body, NULL);
        return *piece == NULL ? QL_BODY_END : QL_BODY_PIECE;
    }
    *piece = from->text != NULL   ? g_steal_pointer(&from->text)
             : from->path != NULL ? read_piece(body, from, &state, error)
                                  : NULL;
    if (state == QL_BODY_WAIT || state == QL_BODY_FAILED)
        return state;
    if (*piece == NULL) {
        part_free(g_queue_pop_head(&body->parts));
        *piece = g_bytes_new(NULL, 0);
    } else {
        *piece = pass_filter(body, *piece);
    }
    return QL_BODY_PIECE;
}

ql_body_state ql_body_next(ql_body *body, const uint8_t **data, size_t *length, GError **error)
{
    body->waits_for = -1;
    while (body->in_flight < BYTES_IN_FLIGHT) {
        GBytes *piece = g_queue_pop_head(&body->interjected);
        ql_body_state state = piece != NULL ? QL_BODY_PIECE : read_parts(body, &piece, error);
        if (state != QL_BODY_PIECE)
            return state;
        if (g_bytes_get_size(piece) == 0) {
            g_bytes_unref(piece);
            continue;
        }
        g_queue_push_tail(&body->pieces, piece);
        *data = g_bytes_get_data(piece, length);
        body->in_flight += *length;
        return QL_BODY_PIECE;
    }
    return QL_BODY_WAIT;
}

void ql_body_acknowledge(ql_body *body, uint64_t count)
{
    while (count > 0 && !g_queue_is_empty(&body->pieces)) {
        GBytes *first = g_queue_peek_head(&body->pieces);
        size_t left = g_bytes_get_size(first) - body->first_acknowledged;
        size_t now = count < left ? (size_t)count : left;
        count -= now;
        body->first_acknowledged += now;
        body->in_flight -= now;
        if (now < left)
            return;
        g_bytes_unref(g_queue_pop_head(&body->pieces));
        body->first_acknowledged = 0;
    }
}

int ql_body_fd(const ql_body *body)
{
    return body->waits_for;
}
