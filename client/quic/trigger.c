/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trigger.h"

#include "measure.h"
#include "options.h"

#define NEVER UINT64_MAX

bool ql_trigger_parse(const char *option, const char *text, ql_trigger *trigger, GError **error)
{
    uint64_t bytes = 0, duration = 0;
    if ((ql_measure_bytes(text, &bytes) && bytes > 0) ||
        (ql_measure_duration(text, &duration) && duration > 0)) {
        *trigger = (ql_trigger){ bytes, duration };
        return true;
    }
    return ql_options_refuse(option, text, "bytes (200k) or a time (300ms) is expected", error);
}

bool ql_trigger_is_set(const ql_trigger *trigger)
{
    return trigger->bytes > 0 || trigger->duration > 0;
}

bool ql_trigger_is_due(const ql_trigger *trigger, uint64_t content, ngtcp2_tstamp handshake,
                       ngtcp2_tstamp now)
{
    return (trigger->bytes > 0 && content >= trigger->bytes) ||
           ql_trigger_expiry(trigger, handshake) <= now;
}

ngtcp2_tstamp ql_trigger_expiry(const ql_trigger *trigger, ngtcp2_tstamp handshake)
{
    return trigger->duration > 0 && handshake != NEVER ? handshake + trigger->duration : NEVER;
}
