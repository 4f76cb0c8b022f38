/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plugin says of a capture: the lines of tshark's -z quiclens,json,FILE as plain values.
 * Each line is one JSON object with a "type"; types and keys that are not known here are passed
 * over, keys that are absent or null leave the member at zero. Frame numbers begin with 1: 0 stands
 * for none. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QL_FACTS_ERROR (ql_facts_error_quark())
GQuark ql_facts_error_quark(void); /* code 0; the message names the line and what is wrong */

typedef struct ql_fact_connection {
    uint32_t number;
    char *version, *alpn;  /* "0x00000001", "h3" */
    char *secrets;         /* available, missing, partial, not-needed */
    char *client, *server; /* "ip:port" */
    uint32_t first_frame, last_frame;
    uint64_t packets;
    uint32_t close_frame; /* 0: no CONNECTION_CLOSE was seen */
    char *close_sender;   /* client, server */
    bool close_by_application;
    uint64_t close_error;
    char *close_reason;
} ql_fact_connection;

typedef struct ql_fact_exchange {
    uint32_t connection;
    uint64_t stream;
    bool pushed, complete;
    char *method, *scheme, *authority, *path; /* NULL where they were not seen */
    unsigned status;                          /* 0: no final response was seen */
    char *content_type;                       /* of the response */
    uint64_t request_body_size, response_body_size;
    char *request_body_sha256, *response_body_sha256; /* NULL: no body, or not seen whole */
    uint32_t request_frame, response_frame, end_frame;
    double time_to_first_byte, duration; /* seconds; negative: not known */
} ql_fact_exchange;

typedef struct ql_fact_cid {
    uint32_t connection;
    char *issuer; /* client, server */
    bool has_sequence;
    uint64_t sequence;
    char *value;  /* hexadecimal; "" for the empty ID */
    char *origin; /* initial, retry, handshake, NEW_CONNECTION_ID, preferred_address */
    uint32_t issued_frame, first_used_frame, last_used_frame, retired_frame;
    uint64_t packets;
} ql_fact_cid;

typedef struct ql_fact_path {
    uint32_t connection, id;
    char *client, *server;
    char *cause; /* initial, migration, rebinding, preferred-address, probe */
    uint32_t first_frame, last_frame, challenge_frame, response_frame;
    uint64_t packets;
    double validation_time; /* seconds; negative: not known */
    bool validated;
} ql_fact_path;

typedef struct ql_fact_finding {
    bool has_connection;
    uint32_t connection;
    uint32_t frame;
    char *code, *severity, *text, *rfc;
} ql_fact_finding;

/* The facts of each kind, in the order of their lines. */
typedef struct ql_facts {
    GPtrArray *connections; /* ql_fact_connection */
    GPtrArray *exchanges;   /* ql_fact_exchange */
    GPtrArray *cids;        /* ql_fact_cid */
    GPtrArray *paths;       /* ql_fact_path */
    GPtrArray *findings;    /* ql_fact_finding */
} ql_facts;

/* Reads the lines of text. NULL and error if one of them is not a JSON object with a type. */
ql_facts *ql_facts_parse(const char *text, size_t length, GError **error);
void ql_facts_free(ql_facts *facts); /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ql_facts, ql_facts_free)
