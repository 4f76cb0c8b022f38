/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qlog.h"

#include "clock.h"
#include "private_file.h"
#include "udp.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define WHAT         "the qlog"
#define GATHER_BYTES (64u * 1024u) /* then they are written without being asked */
#define SEPARATOR    '\x1e'        /* before each record (RFC 7464, 2.2) */

struct ql_qlog_book {
    char *path, *title;
    bool folder, server;
    unsigned made;   /* files */
    int first_fd;    /* of the file that was made at once; -1: it is in use, or there is none */
    GPtrArray *open; /* ql_qlog, borrowed */
    GError *failure; /* the first */
};

struct ql_qlog {
    ql_qlog_book *book;
    char *path;
    char *group_id;
    int fd; /* -1: it could not be written */
    GString *gathered;
    bool arriving;
    GPtrArray *held; /* char: records behind their time, of which the packet is not told yet */
    ngtcp2_tstamp begin;
    ngtcp2_cid ids[QL_QLOG_OWNERS];
};

/* The file of the number-th connection, from 1. */
static char *path_of_number(const char *path, unsigned number)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name == NULL ? path : name + 1, '.');
    if (number == 1)
        return g_strdup(path);
    size_t stem =
        dot == NULL || dot == path || dot[-1] == '/' ? strlen(path) : (size_t)(dot - path);
    return g_strdup_printf("%.*s-%u%s", (int)stem, path, number, path + stem);
}

ql_qlog_book *ql_qlog_book_new(const char *path, bool server, const char *title, GError **error)
{
    bool folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    int fd = folder ? -1 : ql_private_file_open(path, WHAT, error);
    if (!folder && fd < 0)
        return NULL;
    ql_qlog_book *book = g_new0(ql_qlog_book, 1);
    book->path = g_strdup(path);
    book->title = g_strdup(title);
    book->folder = folder;
    book->server = server;
    book->first_fd = fd;
    book->open = g_ptr_array_new();
    return book;
}

bool ql_qlog_book_close(ql_qlog_book *book, GError **error)
{
    if (book == NULL)
        return true;
    g_assert(book->open->len == 0);
    if (book->first_fd >= 0)
        close(book->first_fd);
    bool good = book->failure == NULL;
    if (!good)
        g_propagate_error(error, book->failure);
    g_ptr_array_unref(book->open);
    g_free(book->path);
    g_free(book->title);
    g_free(book);
    return good;
}

static void remember(ql_qlog_book *book, GError *failure)
{
    if (book->failure == NULL)
        book->failure = failure;
    else
        g_error_free(failure);
}

static char *hex_of(const ngtcp2_cid *cid)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < cid->datalen; i++)
        g_string_append_printf(text, "%02x", cid->data[i]);
    return g_string_free(text, FALSE);
}

static char *text_of(JsonObject *object)
{
    JsonNode *node = json_node_init_object(json_node_alloc(), object);
    char *text = json_to_string(node, FALSE);
    json_node_unref(node);
    json_object_unref(object);
    return text;
}

/* The first record, which says what the others are. */
static void write_head(ql_qlog *qlog)
{
    JsonObject *head = json_object_new(), *trace = json_object_new();
    JsonObject *common = json_object_new(), *point = json_object_new();
    JsonArray *protocols = json_array_new();
    json_array_add_string_element(protocols, "QUIC");
    json_array_add_string_element(protocols, "HTTP3");
    json_object_set_array_member(common, "protocol_type", protocols);
    json_object_set_string_member(common, "time_format", "relative");
    json_object_set_int_member(common, "reference_time", (gint64)(ql_udp_now() / 1000000));
    json_object_set_string_member(common, "group_id", qlog->group_id);
    json_object_set_string_member(point, "name", "quiclens");
    json_object_set_string_member(point, "type", qlog->book->server ? "server" : "client");
    g_autofree char *title =
        g_strdup_printf("%s, connection %s", qlog->book->title, qlog->group_id);
    json_object_set_string_member(trace, "title", title);
    json_object_set_object_member(trace, "vantage_point", point);
    json_object_set_object_member(trace, "common_fields", common);
    json_object_set_string_member(head, "qlog_format", "JSON-SEQ");
    json_object_set_string_member(head, "qlog_version", "0.3");
    json_object_set_string_member(head, "title", qlog->book->title);
    json_object_set_object_member(head, "trace", trace);
    g_autofree char *text = text_of(head);
    g_string_append_printf(qlog->gathered, "%c%s\n", SEPARATOR, text);
}

ql_qlog *ql_qlog_new(ql_qlog_book *book, const ngtcp2_cid *original_dcid)
{
    if (book == NULL)
        return NULL;
    g_autofree char *id = hex_of(original_dcid);
    g_autofree char *name = g_strdup_printf("%s_%s.sqlog", id, book->server ? "server" : "client");
    g_autofree char *path = book->folder ? g_build_filename(book->path, name, NULL)
                                         : path_of_number(book->path, book->made + 1);
    GError *error = NULL;
    int fd = book->first_fd >= 0 ? book->first_fd : ql_private_file_open(path, WHAT, &error);
    book->first_fd = -1;
    book->made++;
    if (fd < 0) {
        remember(book, error);
        return NULL;
    }
    ql_qlog *qlog = g_new0(ql_qlog, 1);
    qlog->book = book;
    qlog->path = g_steal_pointer(&path);
    qlog->group_id = g_steal_pointer(&id);
    qlog->fd = fd;
    qlog->gathered = g_string_sized_new(GATHER_BYTES);
    qlog->held = g_ptr_array_new_with_free_func(g_free);
    qlog->begin = ql_clock_now();
    g_ptr_array_add(book->open, qlog);
    write_head(qlog);
    return qlog;
}

/* What was written of a record that did not fit is taken away again, where the file can be cut. */
static void give_up(ql_qlog *qlog, int cause, size_t taken)
{
    remember(qlog->book, ql_private_file_error(qlog->path, WHAT, cause));
    const char *text = qlog->gathered->str;
    size_t whole = taken;
    while (whole > 0 && text[whole - 1] != '\n')
        whole--;
    off_t end = lseek(qlog->fd, 0, SEEK_CUR);
    if (taken > whole && end >= 0 && ftruncate(qlog->fd, end - (off_t)(taken - whole)) != 0)
        g_prefix_error(&qlog->book->failure, "the last record is incomplete: ");
    close(qlog->fd);
    qlog->fd = -1;
}

void ql_qlog_flush(ql_qlog *qlog)
{
    if (qlog == NULL)
        return;
    for (size_t taken = 0; qlog->fd >= 0 && taken < qlog->gathered->len;) {
        ssize_t n = write(qlog->fd, qlog->gathered->str + taken, qlog->gathered->len - taken);
        if (n >= 0)
            taken += (size_t)n;
        else if (errno != EINTR)
            give_up(qlog, errno, taken);
    }
    g_string_truncate(qlog->gathered, 0);
}

void ql_qlog_book_flush(ql_qlog_book *book)
{
    for (guint i = 0; book != NULL && i < book->open->len; i++)
        ql_qlog_flush(g_ptr_array_index(book->open, i));
}

void ql_qlog_free(ql_qlog *qlog)
{
    if (qlog == NULL)
        return;
    ql_qlog_arrival_end(qlog);
    ql_qlog_flush(qlog);
    if (qlog->fd >= 0 && close(qlog->fd) != 0 && errno != EINTR)
        remember(qlog->book, ql_private_file_error(qlog->path, WHAT, errno));
    g_ptr_array_remove_fast(qlog->book->open, qlog);
    g_string_free(qlog->gathered, TRUE);
    g_ptr_array_unref(qlog->held);
    g_free(qlog->path);
    g_free(qlog->group_id);
    g_free(qlog);
}

ngtcp2_cid *ql_qlog_connection_id(ql_qlog *qlog, ql_qlog_owner owner)
{
    return qlog == NULL ? NULL : &qlog->ids[owner];
}

/* rest: what stands behind the time, with a line feed. */
static void append(ql_qlog *qlog, const char *rest, size_t length)
{
    ngtcp2_duration since = MAX(ql_clock_now(), qlog->begin) - qlog->begin;
    g_string_append_printf(qlog->gathered, "%c{\"time\":%" PRIu64 ".%03u", SEPARATOR,
                           since / NGTCP2_MILLISECONDS,
                           (unsigned)(since % NGTCP2_MILLISECONDS / NGTCP2_MICROSECONDS));
    g_string_append_len(qlog->gathered, rest, (gssize)length);
    if (qlog->gathered->len >= GATHER_BYTES)
        ql_qlog_flush(qlog);
}

static void release(ql_qlog *qlog)
{
    for (guint i = 0; i < qlog->held->len; i++) {
        const char *rest = g_ptr_array_index(qlog->held, i);
        append(qlog, rest, strlen(rest));
    }
    g_ptr_array_set_size(qlog->held, 0);
}

static void add(ql_qlog *qlog, const char *rest, size_t length)
{
    static const char packet[] = ",\"name\":\"transport:packet_received\"";
    size_t at = sizeof packet - 1;
    bool is_packet = length > at && memcmp(rest, packet, at) == 0;
    if (qlog->arriving && !is_packet) {
        g_ptr_array_add(qlog->held, g_strndup(rest, length));
        return;
    }
    append(qlog, rest, length);
    release(qlog);
}

void ql_qlog_arrival_begin(ql_qlog *qlog)
{
    if (qlog != NULL)
        qlog->arriving = true;
}

void ql_qlog_arrival_end(ql_qlog *qlog)
{
    if (qlog == NULL)
        return;
    qlog->arriving = false;
    release(qlog);
}

void ql_qlog_write_quic(ql_qlog *qlog, const void *data, size_t length)
{
    static const char start[] = "\x1e{\"time\":";
    const char *text = data;
    size_t at = sizeof start - 1;
    if (qlog == NULL || length <= at || memcmp(text, start, at) != 0)
        return; /* its head, in place of which ours stands; or the end */
    /* Its whole milliseconds are those at which a step of the library began, ours are exact. */
    const char *rest = memchr(text + at, ',', length - at);
    if (rest != NULL)
        add(qlog, rest, length - (size_t)(rest - text));
}

void ql_qlog_write_event(ql_qlog *qlog, const char *name, JsonObject *data)
{
    if (qlog == NULL) {
        json_object_unref(data);
        return;
    }
    g_autofree char *text = text_of(data);
    g_autofree char *rest = g_strdup_printf(",\"name\":\"%s\",\"data\":%s}\n", name, text);
    add(qlog, rest, strlen(rest));
}
