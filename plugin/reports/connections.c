/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/report.h"

#include "reports/names.h"
#include "reports/text.h"

#include <string.h>

static void write_ends(const ql_connection_facts *facts, FILE *out)
{
    char *client = ql_endpoint_text(&facts->client), *server = ql_endpoint_text(&facts->server);
    char *version = ql_version_text(facts->version);
    char *name = ql_text_safe(facts->server_name, strlen(facts->server_name));
    char *alpn = ql_text_safe(facts->alpn, strlen(facts->alpn));
    fprintf(out, "Connection %u: client %s, server %s\n", facts->number, client, server);
    fprintf(out, "  %s%s%s%s%s%s%s\n", version, alpn[0] != '\0' ? ", " : "", alpn,
            name[0] != '\0' ? ", to " : "", name, facts->has_suite ? ", " : "",
            facts->has_suite ? ql_suite_name(facts->suite) : "");
    g_free(client);
    g_free(server);
    g_free(version);
    g_free(name);
    g_free(alpn);
}

static void write_handshake(const ql_connection_facts *facts, FILE *out)
{
    const struct {
        bool holds;
        const char *text;
    } remarks[] = {
        { facts->start_missing, "its start was not captured" },
        { facts->retried, "began again after Retry" },
        { facts->resumed, "resumed an earlier session" },
        { facts->early_data_accepted, "early data accepted" },
        { facts->early_data_rejected, "early data rejected" },
    };
    const char *between = "  ";
    for (size_t i = 0; i < G_N_ELEMENTS(remarks); i++) {
        if (!remarks[i].holds)
            continue;
        fprintf(out, "%s%s", between, remarks[i].text);
        between = ", ";
    }
    if (between[0] == ',')
        fputc('\n', out);
}

static void write_counts(const ql_connection *connection, FILE *out)
{
    const ql_connection_facts *facts = ql_connection_facts_of(connection);
    guint requests = ql_streams_exchanges(ql_connection_streams(connection))->len;
    guint paths = ql_connection_paths(connection)->len;
    char *packets = ql_text_count(facts->packets), *bytes = ql_text_bytes(facts->bytes);
    char *opened = ql_text_count(facts->closed[QL_OPENED]);
    fprintf(out, "  frames %u to %u: %s packets, %s opened (secrets %s), %s\n", facts->first.frame,
            facts->last.frame, packets, opened, ql_secrets_state_name(facts->secrets), bytes);
    fprintf(out, "  %u request%s, %u path%s\n", requests, requests == 1 ? "" : "s", paths,
            paths == 1 ? "" : "s");
    g_free(packets);
    g_free(bytes);
    g_free(opened);
}

static void write_close(const ql_connection_facts *facts, FILE *out)
{
    char *error = ql_close_text(facts);
    if (error == NULL)
        return;
    const char *reason = facts->close.reason != NULL ? facts->close.reason : "";
    char *safe = ql_text_safe(reason, strlen(reason));
    fprintf(out, "  closed by the %s in frame %u: %s%s%s\n", ql_side_name(facts->close.sender),
            facts->close.frame, error, safe[0] != '\0' ? ", " : "", safe);
    g_free(error);
    g_free(safe);
}

void ql_report_connections(const ql_session *session, FILE *out)
{
    unsigned count = ql_session_connection_count(session);
    fprintf(out, "%u connection%s\n", count, count == 1 ? "" : "s");
    for (unsigned c = 0; c < count; c++) {
        const ql_connection *connection = ql_session_connection(session, c);
        const ql_connection_facts *facts = ql_connection_facts_of(connection);
        fputc('\n', out);
        write_ends(facts, out);
        write_handshake(facts, out);
        write_counts(connection, out);
        write_close(facts, out);
    }
}
