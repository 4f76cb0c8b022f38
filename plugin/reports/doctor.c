/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/names.h"
#include "reports/table.h"
#include "reports/text.h"

#include <string.h>

/* What helps against each cause. NULL: nothing can be done, or nothing has to be. */
static const char *const remedies[QL_CLOSED_CAUSE_COUNT] = {
    [QL_CLOSED_WAITING] =
        "Give the secrets log of this session: quiclens.keylog_file, or tls.keylog_file.",
    [QL_CLOSED_NO_SECRET] =
        "Have the client write its secrets while the session runs (set SSLKEYLOGFILE, or use "
        "quiclens get --keys FILE), then give that file as quiclens.keylog_file. Secrets cannot be "
        "made up for afterwards.",
    [QL_CLOSED_NO_LEVEL] =
        "The log was written by a program that keeps some secrets back, or it was cut off. Write "
        "it "
        "again, all labels of it: CLIENT_ and SERVER_HANDSHAKE_TRAFFIC_SECRET, "
        "CLIENT_ and SERVER_TRAFFIC_SECRET_0, and CLIENT_EARLY_TRAFFIC_SECRET for early data.",
    [QL_CLOSED_START_MISSING] =
        "Start capturing before the session begins: its first packets name the secrets that belong "
        "to it.",
    [QL_CLOSED_CUT] = "Capture whole packets: no snapshot length (tcpdump -s 0).",
    [QL_CLOSED_UNKNOWN_VERSION] = "Only QUIC versions 1 and 2 and drafts 29 to 34 can be opened.",
    [QL_CLOSED_NOT_AUTHENTIC] =
        "Packets that were damaged on their way, or that somebody forged, never open. If they are "
        "many, the log is of another session.",
};

static const char *label(const ql_connection_facts *facts)
{
    switch (facts->secrets) {
    case QL_SECRETS_NOT_NEEDED: return "nothing that needs secrets was captured";
    case QL_SECRETS_AVAILABLE: return "secrets available";
    case QL_SECRETS_PARTIAL: return "some secrets missing";
    case QL_SECRETS_MISSING: return "secrets missing";
    }
    return "unknown";
}

static void write_head(const ql_connection_facts *facts, FILE *out)
{
    char *client = ql_endpoint_text(&facts->client), *server = ql_endpoint_text(&facts->server);
    char *version = ql_version_text(facts->version);
    char *name = ql_text_safe(facts->server_name, strlen(facts->server_name));
    fprintf(out, "Connection %u: client %s, server %s%s%s%s, %s, %s\n", facts->number, client,
            server, name[0] != '\0' ? " (" : "", name, name[0] != '\0' ? ")" : "", version,
            label(facts));
    if (facts->has_client_random) {
        char *random = ql_text_hex(facts->client_random, sizeof facts->client_random);
        fprintf(out, "  client random %s\n", random);
        g_free(random);
    }
    g_free(client);
    g_free(server);
    g_free(version);
    g_free(name);
}

/* Words, as many a line as the page has room for. */
static void write_wrapped(FILE *out, const char *indent, const char *text)
{
    char **words = g_strsplit(text, " ", -1);
    size_t used = 0;
    for (char **word = words; *word != NULL; word++) {
        size_t width = ql_text_width(*word);
        if (used > 0 && used + 1 + width > QL_PAGE_WIDTH) {
            fputc('\n', out);
            used = 0;
        }
        fprintf(out, "%s%s", used == 0 ? indent : " ", *word);
        used += (used == 0 ? strlen(indent) : 1) + width;
    }
    fputc('\n', out);
    g_strfreev(words);
}

static void write_packets(const ql_connection_facts *facts, FILE *out)
{
    char *all = ql_text_count(facts->packets);
    char *opened = ql_text_count(facts->closed[QL_OPENED]);
    fprintf(out, "  %s packets, %s opened\n", all, opened);
    for (unsigned cause = QL_OPENED + 1; cause < QL_CLOSED_CAUSE_COUNT; cause++) {
        if (facts->closed[cause] == 0)
            continue;
        char *count = ql_text_count(facts->closed[cause]);
        fprintf(out, "  %s closed: %s\n", count, ql_closed_cause_text(cause));
        if (remedies[cause] != NULL)
            write_wrapped(out, "    ", remedies[cause]);
        g_free(count);
    }
    g_free(all);
    g_free(opened);
}

/* Findings of this connection, or of none. */
static void write_findings(const ql_session *session, uint32_t connection, FILE *out)
{
    const GPtrArray *findings = ql_session_findings(session);
    for (guint i = 0; i < findings->len; i++) {
        const ql_finding *finding = g_ptr_array_index(findings, i);
        const ql_finding_kind *kind = ql_finding_kind_of(finding->code);
        if (finding->connection != connection || kind->severity < QL_SEVERITY_WARN)
            continue;
        char *text = ql_text_safe(finding->text, strlen(finding->text));
        char *line =
            g_strdup_printf("frame %u, %s: %s%s%s%s", finding->frame, kind->code, text,
                            kind->rfc != NULL ? " (" : "", kind->rfc != NULL ? kind->rfc : "",
                            kind->rfc != NULL ? ")" : "");
        write_wrapped(out, "  ", line);
        g_free(line);
        g_free(text);
    }
}

void ql_report_doctor(const ql_session *session, FILE *out)
{
    unsigned count = ql_session_connection_count(session), well = 0;
    for (unsigned c = 0; c < count; c++) {
        const ql_connection_facts *facts =
            ql_connection_facts_of(ql_session_connection(session, c));
        write_head(facts, out);
        write_packets(facts, out);
        write_findings(session, c, out);
        fputc('\n', out);
        well += facts->closed[QL_OPENED] == facts->packets;
    }
    write_findings(session, QL_NO_CONNECTION, out);
    if (count == 0)
        fputs("No QUIC connection was seen. QUIC runs over UDP: is its traffic in the capture, and "
              "does the browser speak HTTP/3 to this server?\n",
              out);
    else
        fprintf(out, "All packets opened: %u of %u connection%s\n", well, count,
                count == 1 ? "" : "s");
}
