/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_content.h"

#include "origin_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ql_origin_content {
    int folder; /* an O_PATH descriptor, or -1 for the built-in pages */
};

struct ql_origin_resource {
    const char *type;
    uint64_t size;
    int fd;           /* of a file, else -1 */
    const char *text; /* of what is in memory, else NULL; with neither it is the pattern */
    GBytes *own;      /* what text points into, if it is not constant */
};

static const struct {
    const char *extension, *type;
} types[] = {
    { "html", "text/html; charset=utf-8" },
    { "htm", "text/html; charset=utf-8" },
    { "css", "text/css; charset=utf-8" },
    { "js", "text/javascript; charset=utf-8" },
    { "mjs", "text/javascript; charset=utf-8" },
    { "json", "application/json" },
    { "txt", "text/plain; charset=utf-8" },
    { "md", "text/markdown; charset=utf-8" },
    { "csv", "text/csv; charset=utf-8" },
    { "xml", "application/xml" },
    { "svg", "image/svg+xml" },
    { "png", "image/png" },
    { "jpg", "image/jpeg" },
    { "jpeg", "image/jpeg" },
    { "gif", "image/gif" },
    { "webp", "image/webp" },
    { "ico", "image/vnd.microsoft.icon" },
    { "pdf", "application/pdf" },
    { "wasm", "application/wasm" },
    { "woff2", "font/woff2" },
    { "mp4", "video/mp4" },
    { "webm", "video/webm" },
    { "mp3", "audio/mpeg" },
    { "zip", "application/zip" },
    { "gz", "application/gzip" },
    { "pcap", "application/vnd.tcpdump.pcap" },
};

static const char *type_of(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name != NULL ? name : path, '.');
    for (size_t i = 0; dot != NULL && i < G_N_ELEMENTS(types); i++)
        if (g_ascii_strcasecmp(types[i].extension, dot + 1) == 0)
            return types[i].type;
    return "application/octet-stream";
}

ql_origin_content *ql_origin_content_new(const char *folder, GError **error)
{
    int fd = -1;
    if (folder != NULL && (fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot serve the folder %s: %s", folder, g_strerror(errno));
        return NULL;
    }
    ql_origin_content *content = g_new0(ql_origin_content, 1);
    content->folder = fd;
    return content;
}

void ql_origin_content_free(ql_origin_content *content)
{
    if (content == NULL)
        return;
    if (content->folder >= 0)
        close(content->folder);
    g_free(content);
}

static bool has_dot_segment(const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    for (size_t i = 0; segments[i] != NULL; i++)
        if (strcmp(segments[i], ".") == 0 || strcmp(segments[i], "..") == 0)
            return true;
    return false;
}

/* The decoded path with its leading slash, or NULL if the target is not one that is served.
 * Decoding comes first and happens once: what it yields is what is looked at and what is opened. */
static char *decode_target(const char *target)
{
    size_t length = strcspn(target, "?#");
    if (target[0] != '/')
        return NULL;
    g_autoptr(GBytes) bytes = g_uri_unescape_bytes(target, (gssize)length, NULL, NULL);
    if (bytes == NULL)
        return NULL;
    gsize decoded_length;
    const char *decoded = g_bytes_get_data(bytes, &decoded_length);
    if (memchr(decoded, '\0', decoded_length) != NULL)
        return NULL;
    g_autofree char *path = g_strndup(decoded, decoded_length);
    return has_dot_segment(path) ? NULL : g_steal_pointer(&path);
}

static ql_origin_resource *resource_new(const char *type, uint64_t size, int fd, const char *text)
{
    ql_origin_resource *resource = g_new0(ql_origin_resource, 1);
    resource->type = type;
    resource->size = size;
    resource->fd = fd;
    resource->text = text;
    return resource;
}

static unsigned find_built_in(const char *path, ql_origin_resource **resource)
{
    const ql_origin_page *page = ql_origin_page_find(path);
    if (page != NULL)
        *resource = resource_new(page->type, strlen(page->text), -1, page->text);
    else if (strcmp(path, QL_ORIGIN_PATTERN_PATH) == 0)
        *resource = ql_origin_resource_from_pattern(QL_ORIGIN_PATTERN_BYTES);
    else
        return 404;
    return 200;
}

/* A kernel without openat2, or a sandbox that forbids it: then no symbolic link is followed at all.
 */
static int open_without_links(int folder, const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    for (size_t i = 0; at >= 0 && segments[i] != NULL; i++) {
        if (segments[i][0] == '\0')
            continue;
        int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        int next = openat(at, segments[i], flags);
        int cause = errno;
        close(at);
        errno = cause;
        at = next;
    }
    return at;
}

/* O_NONBLOCK, so that a FIFO in the folder does not hold the origin up. */
static int open_beneath(int folder, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_without_links(folder, path);
    return (int)fd;
}

static unsigned find_file(int folder, const char *path, ql_origin_resource **resource,
                          bool *is_folder)
{
    const char *relative = path + strspn(path, "/");
    int fd = open_beneath(folder, *relative != '\0' ? relative : ".");
    struct stat entry;
    if (fd < 0)
        return errno == EACCES ? 403 : 404;
    bool served = fstat(fd, &entry) == 0 && S_ISREG(entry.st_mode);
    *is_folder = !served && S_ISDIR(entry.st_mode);
    if (!served) {
        close(fd);
        return 404;
    }
    *resource = resource_new(type_of(path), (uint64_t)entry.st_size, fd, NULL);
    return 200;
}

/* A folder stands for the index.html in it; without the slash its relative links would lead astray.
 */
static unsigned find_in_folder(int folder, const char *path, const char *target,
                               ql_origin_resource **resource, char **location)
{
    bool is_folder = false;
    unsigned status;
    if (!g_str_has_suffix(path, "/")) {
        status = find_file(folder, path, resource, &is_folder);
        if (!is_folder)
            return status;
        *location = g_strdup_printf("/%.*s/", (int)(strcspn(target, "?#") - strspn(target, "/")),
                                    target + strspn(target, "/"));
        return 301;
    }
    g_autofree char *index = g_strconcat(path, "index.html", NULL);
    return find_file(folder, index, resource, &is_folder);
}

unsigned ql_origin_content_find(const ql_origin_content *content, const char *target,
                                ql_origin_resource **resource, char **location)
{
    *resource = NULL;
    *location = NULL;
    g_autofree char *path = decode_target(target);
    if (path == NULL)
        return 400;
    if (content->folder < 0)
        return find_built_in(path, resource);
    return find_in_folder(content->folder, path, target, resource, location);
}

bool ql_origin_content_is_built_in(const ql_origin_content *content)
{
    return content->folder < 0;
}

ql_origin_resource *ql_origin_resource_from_bytes(const char *type, GBytes *bytes)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    ql_origin_resource *resource = resource_new(type, length, -1, text != NULL ? text : "");
    resource->own = g_bytes_ref(bytes);
    return resource;
}

ql_origin_resource *ql_origin_resource_from_text(const char *type, char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));
    return ql_origin_resource_from_bytes(type, bytes);
}

ql_origin_resource *ql_origin_resource_from_pattern(uint64_t size)
{
    return resource_new(type_of(QL_ORIGIN_PATTERN_PATH), size, -1, NULL);
}

uint64_t ql_origin_resource_size(const ql_origin_resource *resource)
{
    return resource->size;
}

const char *ql_origin_resource_type(const ql_origin_resource *resource)
{
    return resource->type;
}

static ssize_t read_file(int fd, uint64_t offset, uint8_t *buffer, size_t length)
{
    size_t got = 0;
    while (got < length) {
        ssize_t n = pread(fd, buffer + got, length - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

ssize_t ql_origin_resource_read(const ql_origin_resource *resource, uint64_t offset, void *buffer,
                                size_t length)
{
    if (offset >= resource->size)
        return 0;
    length = MIN(length, resource->size - offset);
    if (resource->fd >= 0)
        return read_file(resource->fd, offset, buffer, length);
    if (resource->text != NULL) {
        memcpy(buffer, resource->text + offset, length);
        return (ssize_t)length;
    }
    uint8_t *pattern = buffer;
    for (size_t i = 0; i < length; i++)
        pattern[i] = (uint8_t)((offset + i) * 7 + (offset + i) / 256);
    return (ssize_t)length;
}

void ql_origin_resource_free(ql_origin_resource *resource)
{
    if (resource == NULL)
        return;
    if (resource->fd >= 0)
        close(resource->fd);
    g_clear_pointer(&resource->own, g_bytes_unref);
    g_free(resource);
}
