/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened on each captured frame, and what was found. The rooms of the model write it, views
 * read it.
 *
 * Events of one frame form a list in the order in which they were added. An event may be added to a
 * frame of the past: a packet that was opened late belongs to the frame that carried it. */
#ifndef QL_JOURNAL_H
#define QL_JOURNAL_H

#include "model/cid_ledger.h"
#include "model/finding.h"
#include "model/packet_header.h"
#include "model/path_table.h"
#include "model/stream.h"

struct ql_connection;

/* Why a packet stays closed. */
typedef enum ql_closed_cause {
    QL_OPENED,               /* it does not */
    QL_CLOSED_WAITING,       /* its keys may still come */
    QL_CLOSED_NO_SECRET,     /* the log has no session with this client random */
    QL_CLOSED_NO_LEVEL,      /* the log has the session, not the secret of this level */
    QL_CLOSED_START_MISSING, /* the handshake was not captured, no session of the log opens it */
    QL_CLOSED_CUT,           /* the capture holds only a part of it */
    QL_CLOSED_UNKNOWN_VERSION,
    QL_CLOSED_NOT_AUTHENTIC, /* damaged, forged, or protected with other secrets */
    QL_CLOSED_CAUSE_COUNT
} ql_closed_cause;

const char *ql_closed_cause_text(ql_closed_cause cause);

typedef struct ql_packet_event {
    const struct ql_connection *connection;
    const ql_cid_entry *dcid; /* the entry of the ledger that it was sent to; NULL when not known */
    uint64_t packet_number;   /* of opened packets with a number */
    uint32_t spin_rtt_us;     /* the round trip that the spin bit shows, if it turns here; else 0 */
    uint32_t size;            /* bytes of the packet */
    uint16_t path;            /* number of the path in its connection */
    uint8_t ecn;              /* of its datagram: the two bits, RFC 3168 */
    uint8_t type;             /* ql_packet_type */
    uint8_t sender;           /* ql_side */
    uint8_t closed;           /* ql_closed_cause; QL_OPENED when it was opened */
    bool key_phase : 1;       /* of 1-RTT */
    bool key_update : 1;      /* the first packet of its sender in a new key phase */
    bool duplicate : 1;     /* the same packet was captured before: its frames do not count again */
    bool kept : 1;          /* its payload was kept, see ql_session_plaintext() */
    bool acknowledges : 1;  /* it has ACK frames */
    bool pings : 1;         /* PING frames */
    bool raises_limits : 1; /* MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS */
    bool probes_mtu : 1;    /* PING and padding alone, and larger than what was acknowledged so far
                               (RFC 9000, 14.4) */
} ql_packet_event;

typedef enum ql_cid_event_kind {
    QL_CID_INITIAL, /* the client's first, random destination ID, and first source IDs */
    QL_CID_RETRY,
    QL_CID_ISSUED,
    QL_CID_FIRST_USED,
    QL_CID_SWITCHED,
    QL_CID_RETIRED,
    QL_CID_PREFERRED_ADDRESS,
    QL_CID_STATELESS_RESET,
} ql_cid_event_kind;

const char *ql_cid_event_name(ql_cid_event_kind kind); /* as in quiclens.cid.event */

typedef struct ql_cid_event {
    const ql_cid_entry *cid;
    const ql_cid_entry *previous; /* of QL_CID_SWITCHED */
    const ql_path *path;          /* of QL_CID_SWITCHED: on which it happened */
    const char *reason;           /* of QL_CID_SWITCHED: static text such as "handshake" */
    uint8_t kind;                 /* ql_cid_event_kind */
    bool repeated;                /* the frame that issues or retires it was sent before */
} ql_cid_event;

typedef enum ql_path_event_kind {
    QL_PATH_NEW,
    QL_PATH_CHALLENGE,
    QL_PATH_RESPONSE,
    QL_PATH_VALIDATED,
    QL_PATH_MIGRATED,
    QL_PATH_REBOUND,
    QL_PATH_ABANDONED,
} ql_path_event_kind;

const char *ql_path_event_name(ql_path_event_kind kind); /* as in quiclens.path.event */

typedef struct ql_path_event {
    const ql_path *path;
    uint8_t kind;      /* ql_path_event_kind */
    uint8_t sender;    /* ql_side of challenge or response */
    uint8_t data[8];   /* of challenge or response */
    uint64_t bytes[2]; /* by sender, what the path had carried before this datagram */
} ql_path_event;

/* A field section was decoded on this frame. */
typedef struct ql_section_event {
    const ql_exchange *exchange;
    const ql_section *section;
} ql_section_event;

/* The last byte of a message was seen on this frame, or it was reset. */
typedef struct ql_end_event {
    const ql_exchange *exchange;
    bool response; /* of the response, else of the request */
} ql_end_event;

/* A frame about a stream, or a push, that carries none of its bytes, such as RESET_STREAM, DATAGRAM
 * or PRIORITY_UPDATE. The stream may not exist (yet): only its ID was named. */
typedef struct ql_signal_event {
    const char *frame; /* static: the name of the frame */
    uint64_t id;       /* of the stream; or the push ID */
    uint64_t value;    /* of flow control the limit; of RESET_STREAM and STOP_SENDING the error */
    uint8_t sender;    /* ql_side */
    uint8_t meaning;   /* ql_signal_value: what `value` is */
    bool push;         /* `id` is a push ID */
} ql_signal_event;

typedef enum ql_signal_value {
    QL_SIGNAL_ALONE, /* it has no value */
    QL_SIGNAL_LIMIT,
    QL_SIGNAL_ERROR,
} ql_signal_value;

typedef enum ql_event_kind {
    QL_EVENT_PACKET,
    QL_EVENT_STREAM,
    QL_EVENT_SIGNAL,
    QL_EVENT_SECTION,
    QL_EVENT_END,
    QL_EVENT_CID,
    QL_EVENT_PATH,
    QL_EVENT_FINDING,
    QL_EVENT_TEXT, /* a plain fact of the protocol worth a line, such as HANDSHAKE_DONE or GOAWAY */
} ql_event_kind;

/* Has room for the member of its kind only: not to be copied as a whole. */
typedef struct ql_event {
    struct ql_event *next;
    ql_event_kind kind;
    union {
        ql_packet_event packet;
        ql_stream_piece stream;
        ql_signal_event signal;
        ql_section_event section;
        ql_end_event end;
        ql_cid_event cid;
        ql_path_event path;
        const ql_finding *finding;
        struct {
            const char *text; /* owned by the journal */
            const char *rfc;  /* static; may be NULL */
        } text;
    };
} ql_event;

typedef struct ql_journal ql_journal;

ql_journal *ql_journal_new(void);
void ql_journal_free(ql_journal *journal);

/* A new event at the end of the frame's list, zeroed but for its kind; fill it in at once. Never
 * NULL. Valid until the journal is freed. */
ql_event *ql_journal_add(ql_journal *journal, uint32_t frame, ql_event_kind kind);

/* Takes an event of the frame off its list; it stays readable until the journal is freed. */
void ql_journal_remove(ql_journal *journal, uint32_t frame, const ql_event *event);

/* Adds an event of kind QL_EVENT_TEXT. `rfc` is static or NULL. */
void ql_journal_say(ql_journal *journal, uint32_t frame, const char *rfc, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Adds an event of kind QL_EVENT_SIGNAL that has no value. `name` is static. */
void ql_journal_signal_stream(ql_journal *journal, uint32_t frame, const char *name, ql_side sender,
                              uint64_t stream);
void ql_journal_signal_push(ql_journal *journal, uint32_t frame, const char *name, ql_side sender,
                            uint64_t push_id);

#define QL_FINDINGS_PER_CODE_MAX                                                                   \
    100u /* a connection; the last one says that more are passed over */

/* Adds a finding, and its event on the frame. */
void ql_journal_find(ql_journal *journal, uint32_t connection, uint32_t frame, ql_finding_code code,
                     const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Takes back the findings of this code: what they said has turned out otherwise, as when secrets
 * came late. */
void ql_journal_withdraw(ql_journal *journal, uint32_t connection, ql_finding_code code);

/* The connection's frames do not stand in the order of their times: what can only be told from
 * their order is taken back, and not said from now on. */
void ql_journal_doubt_order(ql_journal *journal, uint32_t connection);

/* The first event of a frame, NULL when there is none. */
const ql_event *ql_journal_first(const ql_journal *journal, uint32_t frame);

/* const ql_finding *, in the order in which they were found. Borrowed. */
const GPtrArray *ql_journal_findings(const ql_journal *journal);

#endif
