/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay_log.h"

#include "text.h"

#include <errno.h>
#include <inttypes.h>

struct ql_relay_log {
    FILE *file;
    bool all;
    GString *line;
    uint64_t actions[QL_RELAY_SIDES][QL_RELAY_ACTIONS];
};

static const char *const action_names[QL_RELAY_ACTIONS] = {
    [QL_RELAY_PASS] = "pass",       [QL_RELAY_DROP] = "drop",
    [QL_RELAY_CORRUPT] = "corrupt", [QL_RELAY_DUPLICATE] = "duplicate",
    [QL_RELAY_REORDER] = "reorder",
};

static const struct {
    const char *name, *text;
} causes[] = {
    [QL_RELAY_CAUSE_NUMBER] = { "number", "its number is on the list" },
    [QL_RELAY_CAUSE_RATE] = { "rate", "by chance" },
    [QL_RELAY_CAUSE_BLACKHOLE] = { "blackhole", "black hole" },
    [QL_RELAY_CAUSE_QUEUE] = { "queue", "the queue is full" },
    [QL_RELAY_CAUSE_MEMORY] = { "memory", "too many packets are on the way" },
    [QL_RELAY_CAUSE_BINDING] = { "old-binding", "it came to an old binding" },
    [QL_RELAY_CAUSE_SOCKET] = { "socket", "the kernel did not take it" },
};

static double seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / 1e9;
}

void ql_relay_event_append_json(const ql_relay_event *event, GString *out)
{
    g_string_append_printf(out,
                           "{\"time\":%.6f,\"event\":\"packet\",\"from\":\"%s\",\"number\":%" PRIu64
                           ",\"length\":%zu,\"action\":\"%s\"",
                           seconds(event->time_ns), ql_relay_side_name(event->from), event->number,
                           event->length, action_names[event->action]);
    switch (event->action) {
    case QL_RELAY_DROP:
        g_string_append_printf(out, ",\"cause\":\"%s\"", causes[event->cause].name);
        break;
    case QL_RELAY_CORRUPT:
        g_string_append_printf(out, ",\"offset\":%d,\"was\":%u,\"is\":%u", event->offset,
                               event->was, event->is);
        break;
    case QL_RELAY_REORDER:
        g_string_append_printf(out, ",\"by\":%.6f", seconds(event->by_ns));
        break;
    case QL_RELAY_PASS:
    case QL_RELAY_DUPLICATE: break;
    }
    g_string_append_c(out, '}');
}

void ql_relay_event_append_text(const ql_relay_event *event, GString *out)
{
    if (event->action == QL_RELAY_PASS)
        return;
    g_string_append_printf(out, "%s packet %" PRIu64 ": ", ql_relay_side_name(event->from),
                           event->number);
    switch (event->action) {
    case QL_RELAY_DROP:
        g_string_append_printf(out, "dropped (%s)", causes[event->cause].text);
        break;
    case QL_RELAY_CORRUPT:
        g_string_append_printf(out, "corrupted (byte %d, 0x%02x to 0x%02x)", event->offset,
                               event->was, event->is);
        break;
    case QL_RELAY_REORDER:
        g_string_append_printf(out, "held back for %g ms", seconds(event->by_ns) * 1e3);
        break;
    case QL_RELAY_DUPLICATE: g_string_append(out, "duplicated"); break;
    case QL_RELAY_PASS: break;
    }
}

ql_relay_log *ql_relay_log_new(const char *path, bool all, GError **error)
{
    FILE *file = path != NULL ? fopen(path, "we") : stdout;
    if (file == NULL) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot write the log %s: %s", path, g_strerror(errno));
        return NULL;
    }
    ql_relay_log *log = g_new0(ql_relay_log, 1);
    log->file = file;
    log->all = all;
    log->line = g_string_new(NULL);
    return log;
}

static void write_line(ql_relay_log *log)
{
    g_string_append_c(log->line, '\n');
    fwrite(log->line->str, 1, log->line->len, log->file); /* close asks whether all went well */
    g_string_truncate(log->line, 0);
}

void ql_relay_log_start(ql_relay_log *log, const ql_address *listen, const ql_address *to,
                        uint64_t seed)
{
    g_autofree char *at = ql_address_to_string(listen);
    g_autofree char *server = ql_address_to_string(to);
    g_string_append_printf(
        log->line, "{\"event\":\"start\",\"listen\":\"%s\",\"to\":\"%s\",\"seed\":%" PRIu64 "}", at,
        server, seed);
    write_line(log);
}

void ql_relay_log_packet(ql_relay_log *log, const ql_relay_event *event)
{
    log->actions[event->from][event->action]++;
    if (event->action == QL_RELAY_PASS && !log->all)
        return;
    ql_relay_event_append_json(event, log->line);
    write_line(log);
}

void ql_relay_log_binding(ql_relay_log *log, uint64_t time_ns, const ql_address *client,
                          const ql_address *from, const ql_address *to)
{
    g_autofree char *who = ql_address_to_string(client);
    g_autofree char *new = ql_address_to_string(to);
    g_string_append_printf(log->line, "{\"time\":%.6f,\"event\":\"%s\",\"client\":\"%s\"",
                           seconds(time_ns), from == NULL ? "client" : "rebind", who);
    if (from != NULL) {
        g_autofree char *old = ql_address_to_string(from);
        g_string_append_printf(log->line, ",\"old\":\"%s\"", old);
    }
    g_string_append_printf(log->line, ",\"binding\":\"%s\"}", new);
    write_line(log);
}

/* The sentences are ours and the C library's; what JSON reserves is taken out all the same. */
void ql_relay_log_trouble(ql_relay_log *log, uint64_t time_ns, const char *sentence)
{
    g_autofree char *text = ql_text_escape(sentence);
    g_strdelimit(text, "\"\\\t", '\'');
    g_string_append_printf(log->line, "{\"time\":%.6f,\"event\":\"trouble\",\"text\":\"%s\"}",
                           seconds(time_ns), text);
    write_line(log);
}

void ql_relay_log_flush(ql_relay_log *log)
{
    fflush(log->file);
}

bool ql_relay_log_close(ql_relay_log *log, const uint64_t packets[QL_RELAY_SIDES], GError **error)
{
    if (log == NULL)
        return true;
    g_string_append(log->line, "{\"event\":\"end\"");
    for (int side = 0; side < QL_RELAY_SIDES; side++) {
        g_string_append_printf(log->line, ",\"%s\":{\"packets\":%" PRIu64,
                               ql_relay_side_name((ql_relay_side)side), packets[side]);
        for (int action = 0; action < QL_RELAY_ACTIONS; action++)
            g_string_append_printf(log->line, ",\"%s\":%" PRIu64, action_names[action],
                                   log->actions[side][action]);
        g_string_append_c(log->line, '}');
    }
    g_string_append_c(log->line, '}');
    write_line(log);
    bool ok = fflush(log->file) == 0 && ferror(log->file) == 0;
    if (log->file != stdout)
        ok = fclose(log->file) == 0 && ok;
    if (!ok)
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "the log could not be written whole: %s", g_strerror(errno));
    g_string_free(log->line, TRUE);
    g_free(log);
    return ok;
}
