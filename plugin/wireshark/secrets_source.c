/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wireshark/secrets_source.h"

#include "wireshark/log_file.h"

#include <epan/prefs.h>
#include <epan/prefs-int.h>
#include <epan/secrets.h>
#include <wiretap/secrets-types.h>
#include <wsutil/report_message.h>

#include <string.h>

#define LOOK_INTERVAL_US 20000

struct ql_secrets_source {
    const char *keylog_file; /* the preference; Wireshark owns the string */
    char *handed_over;       /* what we gave Wireshark's own TLS dissector, NULL: nothing */
    ql_log_file *log;        /* NULL: none is named, or the first look is still to come */
    bool begun;              /* the log's name was read from the preferences */
    bool told;               /* that the log cannot be read */
    gint64 next_look_us;
    const wtap *capture; /* whose blocks we hear of; NULL: none yet */
    ql_session *session; /* that they go to */
    bool catching_up;    /* with blocks that Wireshark's own dissectors were told of */
};

/* The callback of a capture's blocks has no argument of ours. */
static ql_secrets_source *listener;

static const char *tls_keylog_file(void)
{
    module_t *tls = prefs_find_module("tls");
    pref_t *preference = tls != NULL ? prefs_find_preference(tls, "keylog_file") : NULL;
    const char *path = preference != NULL ? prefs_get_string_value(preference, pref_current) : NULL;
    return path != NULL ? path : "";
}

static const char *own_keylog_file(const ql_secrets_source *source)
{
    return source->keylog_file != NULL ? source->keylog_file : "";
}

void ql_secrets_source_share(ql_secrets_source *source)
{
    const char *own = own_keylog_file(source), *theirs = tls_keylog_file();
    bool ours = theirs[0] == '\0' || g_strcmp0(theirs, source->handed_over) == 0;
    if (ours && strcmp(own, theirs) != 0 && (own[0] != '\0' || source->handed_over != NULL)) {
        char *setting = g_strconcat("tls.keylog_file:", own, NULL), *error = NULL;
        if (prefs_set_pref(setting, &error) != PREFS_SET_OK)
            report_warning(
                "quiclens: Wireshark's TLS dissector does not take the secrets log \"%s\"", own);
        g_free(error);
        g_free(setting);
    }
    if (ours || strcmp(own, theirs) == 0) {
        g_free(source->handed_over);
        source->handed_over = own[0] != '\0' ? g_strdup(own) : NULL;
    }
}

ql_secrets_source *ql_secrets_source_register(int protocol, void (*changed)(void))
{
    ql_secrets_source *source = listener = g_new0(ql_secrets_source, 1);
    module_t *module = prefs_register_protocol(protocol, changed);
    prefs_register_filename_preference(
        module, "keylog_file", "TLS secrets log",
        "The file to which the client writes its TLS secrets (SSLKEYLOGFILE). It may grow while "
        "packets are captured. If empty, the file of the TLS preference \"(Pre)-Master-Secret log "
        "filename\" is used. Secrets inside the capture are used as well.",
        &source->keylog_file, FALSE);
    return source;
}

void ql_secrets_source_restart(ql_secrets_source *source)
{
    ql_log_file_free(source->log);
    source->log = NULL;
    source->begun = false;
    source->told = false;
    source->next_look_us = 0;
    source->capture = NULL;
    source->session = NULL;
}

static void add_lines(void *user, ql_slice lines)
{
    ql_session_add_secrets(user, lines);
}

static void look_at_log(ql_secrets_source *source, bool last, ql_session *session)
{
    GError *error = NULL;
    if (source->log == NULL || ql_log_file_look(source->log, last, add_lines, session, &error))
        return;
    if (!source->told)
        report_failure("quiclens: %s", error->message);
    source->told = true;
    g_error_free(error);
}

static void begin(ql_secrets_source *source)
{
    const char *path = own_keylog_file(source);
    if (path[0] == '\0')
        path = tls_keylog_file();
    if (path[0] != '\0')
        source->log = ql_log_file_new(path);
    source->begun = true;
}

/* A block of secrets was read from the capture, also behind its last packet. */
static void take_block(guint32 type, const void *secrets, guint length)
{
    if (!listener->catching_up)
        secrets_wtap_callback(type, secrets, length);
    if (type == SECRETS_TYPE_TLS && listener->session != NULL)
        ql_session_add_secrets(listener->session, (ql_slice){ secrets, length });
}

/* There is one listener, who is told at once of the blocks that were read before. Wireshark takes
 * our place when it dissects all anew; then the source is restarted, too. */
static void listen_to(ql_secrets_source *source, wtap *capture, ql_session *session)
{
    if (capture == NULL || capture == source->capture)
        return;
    source->capture = capture;
    source->session = session;
    source->catching_up = true;
    wtap_set_cb_new_secrets(capture, take_block);
    source->catching_up = false;
}

void ql_secrets_source_poll(ql_secrets_source *source, const packet_info *pinfo,
                            ql_session *session)
{
    if (pinfo != NULL)
        listen_to(source, ql_capture_file_of(pinfo), session);
    bool first = !source->begun;
    if (first)
        begin(source);
    if (source->log == NULL || (!first && !ql_session_waits_for_secrets(session)))
        return;
    gint64 now = g_get_monotonic_time();
    if (now < source->next_look_us)
        return;
    source->next_look_us = now + LOOK_INTERVAL_US;
    look_at_log(source, false, session);
}

void ql_secrets_source_finish(ql_secrets_source *source, ql_session *session)
{
    if (source->begun)
        look_at_log(source, true, session);
}
