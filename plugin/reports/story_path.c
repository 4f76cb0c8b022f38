/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/story_parts.h"

#include "reports/text.h"

#include <inttypes.h>

/* "1a2b3c4d... (sequence 1)" */
static char *cid_name(const ql_cid_entry *entry)
{
    if (entry->cid.length == 0)
        return g_strdup("the empty ID");
    char *value = ql_text_cid_short(&entry->cid);
    char *name = entry->has_sequence
                     ? g_strdup_printf("%s (sequence %" PRIu64 ")", value, entry->sequence)
                     : g_strdup(value);
    g_free(value);
    return name;
}

static void say_switched(ql_story *story, const ql_cid_event *event, const char *name)
{
    const char *user = ql_side_name(ql_side_other(event->cid->issuer));
    char *previous = event->previous != NULL ? cid_name(event->previous) : g_strdup("another");
    ql_story_say(story, QL_NOTE_CID_CHANGE, "RFC 9000, 5.1.1",
                 "The %s now sends to connection ID %s instead of %s%s%s", user, name, previous,
                 event->reason != NULL ? ": " : "", event->reason != NULL ? event->reason : "");
    g_free(previous);
}

static void say_initial(ql_story *story, const ql_cid_entry *entry, const char *name)
{
    if (entry->origin == QL_ORIGIN_CLIENT_RANDOM)
        ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 7.2",
                     "The client makes up connection ID %s for the server's first packets", name);
    else
        ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 7.2",
                     "The %s wants its packets sent to %s%s", ql_side_name(entry->issuer),
                     entry->cid.length > 0 ? "connection ID " : "", name);
}

void ql_story_of_cid(ql_story *story, const ql_cid_event *event)
{
    const ql_cid_entry *entry = event->cid;
    const char *issuer = ql_side_name(entry->issuer);
    const char *user = ql_side_name(ql_side_other(entry->issuer));
    char *name = cid_name(entry);
    switch ((ql_cid_event_kind)event->kind) {
    case QL_CID_INITIAL: say_initial(story, entry, name); break;
    case QL_CID_RETRY:
        ql_story_say(story, QL_NOTE_CID_CHANGE, "RFC 9000, 7.2",
                     "The server asks the client to begin again with connection ID %s", name);
        break;
    case QL_CID_ISSUED: /* told together */ break;
    case QL_CID_FIRST_USED:
        ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 5.1.1",
                     "The %s sends to the %s's connection ID %s for the first time", user, issuer,
                     name);
        break;
    case QL_CID_SWITCHED: say_switched(story, event, name); break;
    case QL_CID_RETIRED:
        ql_story_say(story, QL_NOTE_CID_CHANGE, "RFC 9000, 5.1.2",
                     "The %s gives the %s's connection ID %s back: it will not use it again", user,
                     issuer, name);
        break;
    case QL_CID_PREFERRED_ADDRESS:
        ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 9.6",
                     "The server offers connection ID %s together with its preferred address",
                     name);
        break;
    case QL_CID_STATELESS_RESET:
        ql_story_say(story, QL_NOTE_CID_CHANGE, "RFC 9000, 10.3",
                     "Stateless reset: the token of connection ID %s says that the %s has lost the "
                     "connection",
                     name, issuer);
        break;
    }
    g_free(name);
}

static void say_issued(ql_story *story, ql_side issuer, const ql_cid_entry *only, unsigned count)
{
    const char *owner = ql_side_name(issuer), *user = ql_side_name(ql_side_other(issuer));
    if (count > 1) {
        ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 5.1.1",
                     "The %s issues %u connection IDs, which the %s may use from now on", owner,
                     count, user);
        return;
    }
    char *name = cid_name(only);
    ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 5.1.1",
                 "The %s issues connection ID %s, which the %s may use from now on", owner, name,
                 user);
    g_free(name);
}

void ql_story_of_issued_cids(ql_story *story)
{
    const ql_cid_entry *last[2] = { NULL, NULL };
    unsigned counts[2] = { 0, 0 };
    for (const ql_event *event = story->events; event != NULL; event = event->next) {
        if (event->kind != QL_EVENT_CID || event->cid.kind != QL_CID_ISSUED)
            continue;
        last[event->cid.cid->issuer] = event->cid.cid;
        counts[event->cid.cid->issuer]++;
    }
    for (ql_side issuer = QL_CLIENT; issuer <= QL_SERVER; issuer++)
        if (counts[issuer] > 0)
            say_issued(story, issuer, last[issuer], counts[issuer]);
}

static void say_new(ql_story *story, const ql_path *path, const char *between)
{
    if (path->cause == QL_PATH_CAUSE_INITIAL)
        ql_story_say(story, QL_NOTE_CID_STOCK, "RFC 9000, 9",
                     "The connection begins on the path %s", between);
    else
        ql_story_say(story, QL_NOTE_PATH, "RFC 9000, 9",
                     "A packet of the connection comes on a new path, %s", between);
}

void ql_story_of_path(ql_story *story, const ql_path_event *event)
{
    const ql_path *path = event->path;
    const char *sender = ql_side_name(event->sender);
    char *client = ql_endpoint_text(&path->client);
    char *server = ql_endpoint_text(&path->server);
    char *between = g_strdup_printf("client %s, server %s", client, server);
    char *time = ql_text_seconds((double)path->validation_ns / 1e9);
    switch ((ql_path_event_kind)event->kind) {
    case QL_PATH_NEW: say_new(story, path, between); break;
    case QL_PATH_CHALLENGE:
        ql_story_say(story, QL_NOTE_PATH, "RFC 9000, 8.2.1",
                     "The %s asks for a proof that the path %s works both ways (PATH_CHALLENGE)",
                     sender, between);
        break;
    case QL_PATH_RESPONSE:
        ql_story_say(story, QL_NOTE_FACT, "RFC 9000, 8.2.2",
                     "The %s gives the proof that was asked for (PATH_RESPONSE)", sender);
        break;
    case QL_PATH_VALIDATED:
        ql_story_say(story, QL_NOTE_PATH, "RFC 9000, 8.2.3", "The path %s is validated, after %s",
                     between, time);
        break;
    case QL_PATH_MIGRATED:
        ql_story_say(story, QL_NOTE_PATH,
                     path->cause == QL_PATH_CAUSE_PREFERRED_ADDRESS ? "RFC 9000, 9.6"
                                                                    : "RFC 9000, 9.2",
                     path->cause == QL_PATH_CAUSE_PREFERRED_ADDRESS
                         ? "The client moves to the server's preferred address: %s"
                         : "The connection moves to another path: %s",
                     between);
        break;
    case QL_PATH_REBOUND:
        ql_story_say(story, QL_NOTE_PATH, "RFC 9000, 9.3",
                     "The client's packets come from another address, with the same connection ID, "
                     "as behind a NAT that rebinds: %s",
                     between);
        break;
    case QL_PATH_ABANDONED:
        ql_story_say(story, QL_NOTE_FACT, "RFC 9000, 8.2.4", "The path %s is given up", between);
        break;
    }
    g_free(client);
    g_free(server);
    g_free(between);
    g_free(time);
}
