/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/http3_agreement.h"

#include <inttypes.h>

#include "model/http3_control.h"
#include "model/http3_scope.h"

/* SETTINGS_H3_DATAGRAM, and what drafts of it were called. */
static bool agrees_to_datagrams(const GArray *settings)
{
    return ql_http3_setting(settings, QL_SETTING_H3_DATAGRAM) > 0 ||
           ql_http3_setting(settings, QL_SETTING_H3_DATAGRAM_DRAFT00) > 0 ||
           ql_http3_setting(settings, QL_SETTING_H3_DATAGRAM_DRAFT04) > 0;
}

/* The side whose SETTINGS are known and do not agree; false when there is none. */
static bool find_refusal(const ql_http3_agreement *a, ql_side *who)
{
    for (int side = QL_CLIENT; side <= QL_SERVER; side++) {
        const GArray *settings = a->settings[side];
        if (settings == NULL || agrees_to_datagrams(settings))
            continue;
        *who = (ql_side)side;
        return true;
    }
    return false;
}

static void check_datagram(ql_http3_scope *scope, ql_side sender)
{
    ql_http3_use *use = &scope->agreement.datagram[sender];
    ql_side who;
    if (use->where.frame == 0 || use->told || !find_refusal(&scope->agreement, &who))
        return;
    use->told = true;
    ql_journal_find(scope->journal, scope->connection, use->where.frame,
                    QL_FINDING_H3_SETTINGS_ERROR,
                    "stream %" PRIu64 ": an HTTP datagram of the %s, though the SETTINGS of the %s "
                    "have no H3_DATAGRAM = 1 (RFC 9297, 2.1.1)",
                    use->stream_id, ql_side_name(sender), ql_side_name(who));
}

static void check_connect(ql_http3_scope *scope)
{
    ql_http3_use *use = &scope->agreement.extended_connect;
    const GArray *settings = scope->agreement.settings[QL_SERVER];
    if (use->where.frame == 0 || use->told || settings == NULL ||
        ql_http3_setting(settings, QL_SETTING_ENABLE_CONNECT_PROTOCOL) > 0)
        return;
    use->told = true;
    ql_journal_find(scope->journal, scope->connection, use->where.frame,
                    QL_FINDING_H3_SETTINGS_ERROR,
                    "stream %" PRIu64 ": extended CONNECT, though the SETTINGS of the server have "
                    "no ENABLE_CONNECT_PROTOCOL = 1 (RFC 9220, 3)",
                    use->stream_id);
}

static void check(ql_http3_scope *scope)
{
    check_connect(scope);
    check_datagram(scope, QL_CLIENT);
    check_datagram(scope, QL_SERVER);
}

void ql_http3_agreement_on_settings(ql_http3_scope *scope, ql_side side, const GArray *settings)
{
    scope->agreement.settings[side] = settings;
    check(scope);
}

void ql_http3_agreement_on_extended_connect(ql_http3_scope *scope, uint64_t stream_id,
                                            const ql_where *where)
{
    ql_http3_use *use = &scope->agreement.extended_connect;
    if (use->where.frame == 0)
        *use = (ql_http3_use){ .where = *where, .stream_id = stream_id };
    check_connect(scope);
}

void ql_http3_agreement_on_datagram(ql_http3_scope *scope, ql_side sender, uint64_t stream_id)
{
    ql_http3_use *use = &scope->agreement.datagram[sender];
    if (use->where.frame == 0)
        *use = (ql_http3_use){ .where = scope->now, .stream_id = stream_id };
    check_datagram(scope, sender);
}

void ql_http3_agreement_forget_client(ql_http3_scope *scope)
{
    ql_http3_agreement *a = &scope->agreement;
    a->settings[QL_CLIENT] = NULL;
    a->datagram[QL_CLIENT] = a->extended_connect = (ql_http3_use){ 0 };
}
