/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_file.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

G_DEFINE_QUARK(ql_config_file_error, ql_config_file_error)

static bool fail(unsigned number, const char *line, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(line);
    g_set_error(error, QL_CONFIG_FILE_ERROR, 0, "line %u of the config file, \"%s\": %s", number,
                shown, why);
    return false;
}

static char unescape(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c;
    }
}

/* The text in quotes that begins at `at`. NULL if it does not end, or something follows. */
static char *quoted(const char *at)
{
    g_autoptr(GString) value = g_string_new(NULL);
    for (at++; *at != '\0' && *at != '"'; at++) {
        if (at[0] == '\\' && at[1] != '\0')
            g_string_append_c(value, unescape(*++at));
        else
            g_string_append_c(value, *at);
    }
    if (*at != '"')
        return NULL;
    at += 1 + strspn(at + 1, " \t");
    return *at == '\0' || *at == '#' ? g_strdup(value->str) : NULL;
}

static bool parse_line(GPtrArray *words, char *line, unsigned number, GError **error)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return true;
    size_t name = strcspn(line, " \t=:");
    const char *value = line + name;
    value += strspn(value, " \t");
    bool separated = *value == '=' || *value == ':';
    if (separated)
        value += 1 + strspn(value + 1, " \t");
    if (name == 0)
        return fail(number, line, "an option is expected at its beginning", error);
    g_autofree char *option =
        line[0] == '-' ? g_strndup(line, name) : g_strdup_printf("--%.*s", (int)name, line);
    g_autofree char *text = *value == '"' ? quoted(value) : g_strdup(value);
    if (text == NULL)
        return fail(number, line, "its quotation mark is not closed, or something follows", error);
    bool has_value = *text != '\0' || *value == '"' || separated;
    g_ptr_array_add(words, g_steal_pointer(&option));
    if (has_value)
        g_ptr_array_add(words, g_steal_pointer(&text));
    return true;
}

char **ql_config_file_parse(const char *text, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++)
        if (!parse_line(words, lines[i], i + 1, error))
            return NULL;
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

static bool read_all(int fd, GByteArray *bytes)
{
    guint8 buffer[65536];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno != EINTR)
            return false;
        g_byte_array_append(bytes, buffer, got > 0 ? (guint)got : 0);
        if (bytes->len > QL_CONFIG_FILE_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
    }
    return true;
}

char **ql_config_file_read(const char *path, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool good = fd >= 0 && read_all(fd, bytes);
    int cause = errno;
    if (fd >= 0 && !standard)
        close(fd);
    if (!good) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(cause),
                    "cannot read the config file %s: %s", standard ? "on standard input" : path,
                    g_strerror(cause));
        return NULL;
    }
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    return ql_config_file_parse((const char *)bytes->data, error);
}
