/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms of a request (request*.c) share, and nobody else sees. */
#pragma once

#include "request.h"
#include "websocket.h"

#include <ngtcp2/ngtcp2.h>
#include <stdbool.h>
#include <stdint.h>

struct ql_request {
    unsigned references;
    ql_url *url;
    ql_request_settings settings;
    ql_body *body;
    ql_output *output;
    ql_fields *fields;

    ql_request_state state;
    ql_request_times times;
    unsigned attempts;
    int64_t stream;
    uint64_t uploaded;
    ql_response *response;
    bool written;         /* all of the response that is to be */
    ql_websocket *socket; /* NULL: it is none */
    unsigned datagrams;   /* that came */
    char *failure;
    bool failed_locally;
    bool followed;
    ql_url *redirection;
    ql_output *sections; /* NULL: none */
    ql_output *report;   /* NULL: none */
    ql_request_reporter reporter;
    void *reporter_user;
    ql_request_observer observer;
    void *observer_user;
};
