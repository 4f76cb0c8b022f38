/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_file.h"

#include "text.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>

#define HEAD           "quiclens"
#define FORMAT         1
#define FILE_BYTES     (4u * 1024u * 1024u)
#define PIECE_BYTES    (32u * 1024u) /* a ticket may hold a chain of certificates */
#define PARAMETERS_MAX 1024u
#define ORIGIN_BYTES   300u

G_DEFINE_QUARK(ql_session_file_error, ql_session_file_error)

struct ql_session_file {
    char *path;
    GHashTable *entries; /* char *origin -> ql_session_entry */
};

static void entry_free(void *data)
{
    ql_session_entry *entry = data;
    g_free(entry->alpn);
    g_clear_pointer(&entry->ticket, g_bytes_unref);
    g_clear_pointer(&entry->parameters, g_bytes_unref);
    g_clear_pointer(&entry->token, g_bytes_unref);
    g_free(entry);
}

static ql_session_file *file_new(const char *path)
{
    ql_session_file *file = g_new0(ql_session_file, 1);
    file->path = g_strdup(path);
    file->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    return file;
}

void ql_session_file_free(ql_session_file *file)
{
    if (file == NULL)
        return;
    g_hash_table_unref(file->entries);
    g_free(file->path);
    g_free(file);
}

static bool refuse(const ql_session_file *file, const char *group, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(group);
    g_set_error(error, QL_SESSION_FILE_ERROR, 0,
                "%s is no session file of quiclens: [%s] %s; another name makes a new one",
                file->path, shown, why);
    return false;
}

/* Absent is NULL, and good. */
static bool read_bytes(GKeyFile *keys, const char *group, const char *key, gsize most,
                       GBytes **bytes)
{
    g_autofree char *text = g_key_file_get_string(keys, group, key, NULL);
    gsize length = 0;
    if (text == NULL)
        return true;
    guchar *data = g_base64_decode(text, &length);
    *bytes = g_bytes_new_take(data, length);
    return length > 0 && length <= most;
}

static bool read_version(GKeyFile *keys, const char *group, uint32_t *version)
{
    g_autofree char *text = g_key_file_get_string(keys, group, "version", NULL);
    guint64 number = 0;
    if (text != NULL && (!g_str_has_prefix(text, "0x") ||
                         !g_ascii_string_to_unsigned(text + 2, 16, 1, UINT32_MAX, &number, NULL)))
        return false;
    *version = (uint32_t)number;
    return true;
}

static bool read_entry(ql_session_file *file, GKeyFile *keys, const char *group, GError **error)
{
    g_autofree char *origin = g_key_file_get_string(keys, group, "origin", NULL);
    if (origin == NULL || *origin == '\0' || strlen(origin) > ORIGIN_BYTES)
        return refuse(file, group, "names no origin", error);
    if (g_hash_table_contains(file->entries, origin))
        return refuse(file, group, "has the origin of another one", error);
    ql_session_entry *entry = ql_session_file_entry(file, origin);
    entry->alpn = g_key_file_get_string(keys, group, "alpn", NULL);
    entry->verified = g_key_file_get_boolean(keys, group, "verified", NULL);
    if (!read_version(keys, group, &entry->version))
        return refuse(file, group, "has a version that is none", error);
    if (!read_bytes(keys, group, "ticket", PIECE_BYTES, &entry->ticket) ||
        !read_bytes(keys, group, "parameters", PARAMETERS_MAX, &entry->parameters) ||
        !read_bytes(keys, group, "token", PIECE_BYTES, &entry->token))
        return refuse(file, group, "has a ticket, parameters or a token of no size that they have",
                      error);
    return true;
}

static bool read_all(ql_session_file *file, GKeyFile *keys, GError **error)
{
    if (g_key_file_get_integer(keys, HEAD, "sessions", NULL) != FORMAT)
        return refuse(file, HEAD, "does not say sessions=1", error);
    g_auto(GStrv) groups = g_key_file_get_groups(keys, NULL);
    for (char **group = groups; *group != NULL; group++)
        if (strcmp(*group, HEAD) != 0 && !read_entry(file, keys, *group, error))
            return false;
    return true;
}

ql_session_file *ql_session_file_parse(const char *path, const char *text, size_t length,
                                       GError **error)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    ql_session_file *file = file_new(path);
    g_autoptr(GError) cause = NULL;
    bool good = length == 0;
    if (length > FILE_BYTES)
        refuse(file, HEAD, "is larger than 4 MB", error);
    else if (length > 0 && !g_key_file_load_from_data(keys, text, length, G_KEY_FILE_NONE, &cause))
        refuse(file, HEAD, cause->message, error);
    else if (length > 0)
        good = read_all(file, keys, error);
    if (good)
        return file;
    ql_session_file_free(file);
    return NULL;
}

ql_session_file *ql_session_file_new(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, &text, &length, &cause) &&
        !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, QL_SESSION_FILE_ERROR, 0, "cannot read the session file: %s",
                    cause->message);
        return NULL;
    }
    return ql_session_file_parse(path, text, length, error);
}

ql_session_entry *ql_session_file_entry(ql_session_file *file, const char *origin)
{
    ql_session_entry *entry = g_hash_table_lookup(file->entries, origin);
    if (entry != NULL)
        return entry;
    entry = g_new0(ql_session_entry, 1);
    g_hash_table_insert(file->entries, g_strdup(origin), entry);
    return entry;
}

static void write_bytes(GKeyFile *keys, const char *group, const char *key, GBytes *bytes)
{
    gsize size;
    if (bytes == NULL)
        return;
    const guchar *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_base64_encode(data, size);
    g_key_file_set_string(keys, group, key, text);
}

char *ql_session_file_to_text(const ql_session_file *file)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(GList) origins =
        g_list_sort(g_hash_table_get_keys(file->entries), (GCompareFunc)(void (*)(void))strcmp);
    unsigned number = 0;
    g_key_file_set_integer(keys, HEAD, "sessions", FORMAT);
    for (GList *at = origins; at != NULL; at = at->next) {
        const ql_session_entry *entry = g_hash_table_lookup(file->entries, at->data);
        if (entry->ticket == NULL && entry->token == NULL)
            continue;
        g_autofree char *group = g_strdup_printf("session %u", ++number);
        g_autofree char *version = g_strdup_printf("0x%08" PRIx32, entry->version);
        g_key_file_set_string(keys, group, "origin", at->data);
        if (entry->alpn != NULL)
            g_key_file_set_string(keys, group, "alpn", entry->alpn);
        if (entry->version != 0)
            g_key_file_set_string(keys, group, "version", version);
        g_key_file_set_boolean(keys, group, "verified", entry->verified);
        write_bytes(keys, group, "ticket", entry->ticket);
        write_bytes(keys, group, "parameters", entry->parameters);
        write_bytes(keys, group, "token", entry->token);
    }
    return g_key_file_to_data(keys, NULL, NULL);
}

bool ql_session_file_save(const ql_session_file *file, GError **error)
{
    g_autofree char *text = ql_session_file_to_text(file);
    g_autoptr(GError) cause = NULL;
    /* A file that is there keeps its mode with newer releases of GLib. Where there is none, or it
     * is somebody else's, the next call says so. */
    (void)g_chmod(file->path, 0600);
    if (g_file_set_contents_full(file->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                 &cause))
        return true;
    g_set_error(error, QL_SESSION_FILE_ERROR, 0, "cannot write the session file: %s",
                cause->message);
    return false;
}
