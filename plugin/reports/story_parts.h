/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms of the story share: story.c and the story_*.c files, nobody else. Each adds the
 * notes of one kind of event. */
#ifndef QL_STORY_PARTS_H
#define QL_STORY_PARTS_H

#include "reports/story.h"

typedef struct ql_story {
    GArray *notes;
    const ql_event *events; /* all of the frame */
    uint32_t frame;
} ql_story;

void ql_story_say(ql_story *story, ql_note_weight weight, const char *rfc, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* story_exchange.c */
void ql_story_of_section(ql_story *story, const ql_section_event *event);
void ql_story_of_end(ql_story *story, const ql_end_event *event);
void ql_story_of_streams(ql_story *story);

/* story_path.c */
void ql_story_of_cid(ql_story *story, const ql_cid_event *event);
/* All that the frame's NEW_CONNECTION_ID frames issue. */
void ql_story_of_issued_cids(ql_story *story);
void ql_story_of_path(ql_story *story, const ql_path_event *event);

/* story_packet.c */
void ql_story_of_packet(ql_story *story, const ql_packet_event *event);
void ql_story_of_signal(ql_story *story, const ql_signal_event *event);
/* For a frame about which nothing else is to be said. */
void ql_story_of_packets_alone(ql_story *story);

#endif
