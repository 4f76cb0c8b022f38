/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes frames and TLS messages for packets that tests make (RFC 9000, 19; RFC 8446, 4). Each
 * writer appends to `out` and gives it back, so that calls can be put into one another. */
#ifndef QUIC_FRAMES_H
#define QUIC_FRAMES_H

#include "model/cid.h"
#include "model/datagram.h"

GByteArray *quic_bytes(void);                        /* an empty one */
GByteArray *quic_copy(const GByteArray *bytes);      /* the caller frees it */
ql_slice quic_slice(const GByteArray *bytes);        /* borrowed */
ql_cid quic_cid(const char *hex);                    /* "" for the empty one */
GByteArray *quic_join(GByteArray *a, GByteArray *b); /* appends and frees b */

GByteArray *quic_put(GByteArray *out, const void *bytes, size_t length);
GByteArray *quic_put_hex(GByteArray *out, const char *hex);
GByteArray *quic_put_number(GByteArray *out, uint64_t value, unsigned bytes);
GByteArray *quic_put_varint(GByteArray *out, uint64_t value);
GByteArray *quic_put_cid(GByteArray *out, const ql_cid *cid); /* with its length ahead */

GByteArray *quic_put_padding(GByteArray *out, size_t length);
GByteArray *quic_put_ping(GByteArray *out);
GByteArray *quic_put_ack(GByteArray *out, uint64_t first, uint64_t last);
GByteArray *quic_put_crypto(GByteArray *out, uint64_t offset, ql_slice data);
GByteArray *quic_put_stream(GByteArray *out, uint64_t id, uint64_t offset, const char *text,
                            bool fin);
/* The reset token is made from the ID. */
GByteArray *quic_put_new_cid(GByteArray *out, uint64_t sequence, uint64_t retire_prior_to,
                             const ql_cid *cid);
GByteArray *quic_put_retire_cid(GByteArray *out, uint64_t sequence);
GByteArray *quic_put_challenge(GByteArray *out, uint64_t data);
GByteArray *quic_put_response(GByteArray *out, uint64_t data);
GByteArray *quic_put_close(GByteArray *out, bool application, uint64_t error, const char *reason);
GByteArray *quic_put_handshake_done(GByteArray *out);

void quic_reset_token(const ql_cid *cid, uint8_t token[16]);

/* One transport parameter. */
GByteArray *quic_put_parameter(GByteArray *out, uint64_t id, ql_slice value);
GByteArray *quic_put_number_parameter(GByteArray *out, uint64_t id, uint64_t value);
GByteArray *quic_put_cid_parameter(GByteArray *out, uint64_t id, const ql_cid *cid);
GByteArray *quic_put_preferred_address(GByteArray *out, const ql_endpoint *v4, const ql_cid *cid);

/* Handshake messages, headers included. `parameters` are the encoded transport parameters. */
GByteArray *quic_put_client_hello(GByteArray *out, const uint8_t random[32], const char *name,
                                  const char *alpn, bool early_data, ql_slice parameters);
GByteArray *quic_put_server_hello(GByteArray *out, uint16_t suite);
GByteArray *quic_put_encrypted_extensions(GByteArray *out, const char *alpn, bool early_data,
                                          ql_slice parameters);
GByteArray *quic_put_finished(GByteArray *out, size_t length);

#endif
