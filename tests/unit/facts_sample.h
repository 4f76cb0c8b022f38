/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small session as the plugin's JSON lines tell it: one connection, two requests, a migration. */
#pragma once

#define FACTS_CONNECTION                                                                           \
    "{\"type\":\"connection\",\"connection\":0,\"version\":\"0x00000001\",\"alpn\":\"h3\","        \
    "\"client_random\":\"00ff\",\"secrets\":\"available\",\"client\":\"127.0.0.1:50000\","         \
    "\"server\":\"127.0.0.1:443\",\"first_frame\":1,\"last_frame\":90,\"packets\":120,"            \
    "\"close\":{\"frame\":90,\"sender\":\"client\",\"application\":true,\"error\":256,"            \
    "\"frame_type\":null,\"reason\":\"\"}}\n"

#define FACTS_GET                                                                                  \
    "{\"type\":\"exchange\",\"connection\":0,\"stream\":0,\"pushed\":false,\"method\":\"GET\","    \
    "\"scheme\":\"https\",\"authority\":\"localhost\",\"path\":\"/a\",\"status\":200,"             \
    "\"informational\":[103],\"request_headers\":[[\"accept\",\"*/*\"]],"                          \
    "\"response_headers\":[[\"server\",\"x\"],[\"content-type\",\"text/html\"]],"                  \
    "\"request_trailers\":[],\"response_trailers\":[],\"request_body_size\":0,"                    \
    "\"request_body_sha256\":null,\"response_body_size\":1048576,"                                 \
    "\"response_body_sha256\":\"abcd\",\"request_frame\":12,\"response_frame\":14,"                \
    "\"end_frame\":60,\"time_to_first_byte\":0.0123,\"duration\":1.5,\"complete\":true}\n"

#define FACTS_POST                                                                                 \
    "{\"type\":\"exchange\",\"connection\":0,\"stream\":4,\"pushed\":false,\"method\":\"POST\","   \
    "\"scheme\":\"https\",\"authority\":\"localhost\",\"path\":\"/echo\",\"status\":200,"          \
    "\"response_headers\":[],\"request_body_size\":5,\"request_body_sha256\":\"1234\","            \
    "\"response_body_size\":1,\"response_body_sha256\":\"ef01\",\"request_frame\":12,"             \
    "\"response_frame\":15,\"end_frame\":15,\"time_to_first_byte\":0.01,\"duration\":0.01,"        \
    "\"complete\":true}\n"

#define FACTS_CIDS                                                                                 \
    "{\"type\":\"cid\",\"connection\":0,\"issuer\":\"server\",\"sequence\":null,"                  \
    "\"value\":\"aaaaaaaa\",\"origin\":\"initial\",\"reset_token\":null,\"issued_frame\":null,"    \
    "\"first_used_frame\":1,\"last_used_frame\":2,\"retired_frame\":null,\"packets\":2}\n"         \
    "{\"type\":\"cid\",\"connection\":0,\"issuer\":\"server\",\"sequence\":0,"                     \
    "\"value\":\"bbbbbbbb\",\"origin\":\"handshake\",\"reset_token\":null,\"issued_frame\":3,"     \
    "\"first_used_frame\":4,\"last_used_frame\":29,\"retired_frame\":33,\"packets\":20}\n"         \
    "{\"type\":\"cid\",\"connection\":0,\"issuer\":\"server\",\"sequence\":1,"                     \
    "\"value\":\"cccccccc\",\"origin\":\"NEW_CONNECTION_ID\",\"reset_token\":\"00\","              \
    "\"issued_frame\":7,\"first_used_frame\":30,\"last_used_frame\":90,\"retired_frame\":null,"    \
    "\"packets\":60}\n"                                                                            \
    "{\"type\":\"cid\",\"connection\":0,\"issuer\":\"server\",\"sequence\":2,"                     \
    "\"value\":\"dddddddd\",\"origin\":\"NEW_CONNECTION_ID\",\"reset_token\":\"01\","              \
    "\"issued_frame\":7,\"first_used_frame\":null,\"last_used_frame\":null,"                       \
    "\"retired_frame\":null,\"packets\":0}\n"                                                      \
    "{\"type\":\"cid\",\"connection\":0,\"issuer\":\"client\",\"sequence\":0,"                     \
    "\"value\":\"eeeeeeee\",\"origin\":\"initial\",\"reset_token\":null,\"issued_frame\":1,"       \
    "\"first_used_frame\":2,\"last_used_frame\":89,\"retired_frame\":null,\"packets\":58}\n"

#define FACTS_PATHS                                                                                \
    "{\"type\":\"path\",\"connection\":0,\"id\":0,\"client\":\"127.0.0.1:50000\","                 \
    "\"server\":\"127.0.0.1:443\",\"cause\":\"initial\",\"first_frame\":1,\"last_frame\":29,"      \
    "\"packets\":60,\"challenge_frame\":null,\"response_frame\":null,\"validation_time\":null,"    \
    "\"validated\":true}\n"                                                                        \
    "{\"type\":\"path\",\"connection\":0,\"id\":1,\"client\":\"127.0.0.1:50001\","                 \
    "\"server\":\"127.0.0.1:443\",\"cause\":\"migration\",\"first_frame\":30,\"last_frame\":90,"   \
    "\"packets\":60,\"challenge_frame\":30,\"response_frame\":32,\"validation_time\":0.0101,"      \
    "\"validated\":true}\n"

#define FACTS_FINDING                                                                              \
    "{\"type\":\"finding\",\"connection\":0,\"frame\":3,\"code\":\"secrets.missing\","             \
    "\"severity\":\"warn\",\"text\":\"no secrets\",\"rfc\":\"RFC 9001, 5.1\"}\n"

#define FACTS_SESSION FACTS_CONNECTION FACTS_PATHS FACTS_CIDS FACTS_GET FACTS_POST
