/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tshark.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

G_DEFINE_QUARK(ql_tshark_error, ql_tshark_error)

char *ql_tshark_keys_beside(const char *capture)
{
    static const char *const extensions[] = { ".pcapng", ".pcap", ".cap" };
    g_autofree char *plain = g_str_has_suffix(capture, ".gz")
                                 ? g_strndup(capture, strlen(capture) - strlen(".gz"))
                                 : g_strdup(capture);
    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
        if (!g_str_has_suffix(plain, extensions[i]))
            continue;
        size_t stem = strlen(plain) - strlen(extensions[i]);
        g_autofree char *keys = g_strdup_printf("%.*s.keys", (int)stem, plain);
        return g_file_test(keys, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&keys) : NULL;
    }
    return NULL;
}

/* The user's own copy of the plugin, or NULL. To be freed by g_free. */
static char *personal_plugin(void)
{
    g_autofree char *folder =
        g_build_filename(g_get_home_dir(), ".local", "lib", "wireshark", "plugins", NULL);
    g_autoptr(GDir) versions = g_dir_open(folder, 0, NULL);
    const char *version;
    while (versions != NULL && (version = g_dir_read_name(versions)) != NULL) {
        g_autofree char *plugin = g_build_filename(folder, version, "epan", "quiclens.so", NULL);
        if (g_file_test(plugin, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&plugin);
    }
    return NULL;
}

static bool run(char **arguments, char **output, char **complaints, int *status, GError **error)
{
    g_autoptr(GError) cause = NULL;
    int wait_status;
    if (!g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, output, complaints,
                      &wait_status, &cause)) {
        if (g_error_matches(cause, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
            g_set_error(error, QL_TSHARK_ERROR, QL_TSHARK_ERROR_MISSING,
                        "tshark is not installed: it comes with Wireshark (Debian: apt install "
                        "tshark)");
        else
            g_set_error(error, QL_TSHARK_ERROR, QL_TSHARK_ERROR_FAILED, "tshark: %s",
                        cause->message);
        return false;
    }
    *status = wait_status;
    return true;
}

char *ql_tshark_version(void)
{
    char *arguments[] = { "tshark", "--version", NULL };
    g_autofree char *output = NULL, *complaints = NULL;
    int status;
    if (!run(arguments, &output, &complaints, &status, NULL))
        return NULL;
    const char *digits = strpbrk(output, "0123456789");
    return digits != NULL ? g_strndup(digits, strspn(digits, "0123456789.")) : NULL;
}

static char *report_path(const char *folder, const char *report)
{
    return g_build_filename(folder, report, NULL);
}

static GPtrArray *make_arguments(const char *capture, const char *keys, const char *folder,
                                 const char *const *reports)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    const char *const fixed[] = { "tshark", "-n", "-Q", "-r", capture };
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(arguments, g_strdup(fixed[i]));
    g_autofree char *beside = keys == NULL ? ql_tshark_keys_beside(capture) : NULL;
    if (keys == NULL)
        keys = beside;
    if (keys != NULL) {
        g_ptr_array_add(arguments, g_strdup("-o"));
        g_ptr_array_add(arguments, g_strdup_printf("tls.keylog_file:%s", keys));
    }
    for (size_t i = 0; reports[i] != NULL; i++) {
        g_autofree char *path = report_path(folder, reports[i]);
        g_ptr_array_add(arguments, g_strdup("-z"));
        g_ptr_array_add(arguments, g_strdup_printf("quiclens,%s,%s", reports[i], path));
    }
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

/* tshark's last line that says something, without its name before it. */
static char *last_words(const char *complaints)
{
    g_auto(GStrv) lines = g_strsplit(complaints, "\n", -1);
    const char *last = "it failed without a word";
    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);
        if (line[0] != '\0' && !g_str_has_prefix(line, "Running as user"))
            last = g_str_has_prefix(line, "tshark: ") ? line + strlen("tshark: ") : line;
    }
    return g_strdup(last);
}

/* Run as root, Wireshark passes over personal plugins, and over what WIRESHARK_PLUGIN_DIR names. */
static void set_no_plugin(GError **error)
{
    g_autofree char *version = ql_tshark_version();
    g_autofree char *passed_over = geteuid() == 0 ? personal_plugin() : NULL;
    g_set_error(error, QL_TSHARK_ERROR, QL_TSHARK_ERROR_NO_PLUGIN,
                "tshark %s does not have the quiclens plugin of its version: build and install it "
                "with ./quickstart install%s%s",
                version != NULL ? version : "",
                passed_over != NULL ? "; run as root, Wireshark passes over " : "",
                passed_over != NULL ? passed_over : "");
}

static bool read_texts(const char *folder, const char *const *reports, char **texts)
{
    bool all = true;
    for (size_t i = 0; reports[i] != NULL; i++) {
        g_autofree char *path = report_path(folder, reports[i]);
        all = g_file_get_contents(path, &texts[i], NULL, NULL) && all;
        g_remove(path);
    }
    return all;
}

static bool ask(const char *folder, char **arguments, const char *const *reports, char **texts,
                char **warning, GError **error)
{
    g_autofree char *complaints = NULL;
    int status;
    if (!run(arguments, NULL, &complaints, &status, error))
        return false;
    bool all = read_texts(folder, reports, texts);
    if (g_spawn_check_wait_status(status, NULL) && all)
        return true;
    g_autofree char *words = last_words(complaints);
    /* The reports come first where reading stopped early: then there is something to show. */
    if (all && texts[0][0] != '\0') {
        *warning = g_steal_pointer(&words);
        return true;
    }
    if (strstr(complaints, "Invalid -z argument") != NULL)
        set_no_plugin(error);
    else
        g_set_error(error, QL_TSHARK_ERROR, QL_TSHARK_ERROR_FAILED, "tshark: %s", words);
    return false;
}

bool ql_tshark_report(const char *capture, const char *keys, const char *const *reports,
                      char **texts, char **warning, GError **error)
{
    *warning = NULL;
    for (size_t i = 0; reports[i] != NULL; i++)
        texts[i] = NULL;
    g_autofree char *folder = g_dir_make_tmp("quiclens-XXXXXX", error);
    if (folder == NULL)
        return false;
    g_autoptr(GPtrArray) arguments = make_arguments(capture, keys, folder, reports);
    bool ok = ask(folder, (char **)arguments->pdata, reports, texts, warning, error);
    g_rmdir(folder);
    for (size_t i = 0; !ok && reports[i] != NULL; i++)
        g_clear_pointer(&texts[i], g_free);
    return ok;
}
