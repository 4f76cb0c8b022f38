/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wiretap_reader.h"

#include <glib.h>
#include <wiretap/wtap.h>
#include <wsutil/buffer.h>

struct wiretap_reader {
    wtap *file;
    wtap_rec record;
    Buffer content;
};

static void start_library(void)
{
    static bool done;
    if (!done)
        wtap_init(FALSE);
    done = true;
}

wiretap_reader *wiretap_reader_new(const char *path)
{
    int error = 0;
    char *why = NULL;
    start_library();
    wtap *file = wtap_open_offline(path, WTAP_TYPE_AUTO, &error, &why, FALSE);
    g_free(why);
    if (file == NULL)
        return NULL;
    wiretap_reader *reader = g_new0(wiretap_reader, 1);
    reader->file = file;
    wtap_rec_init(&reader->record);
    ws_buffer_init(&reader->content, 1500);
    return reader;
}

void wiretap_reader_free(wiretap_reader *reader)
{
    wtap_rec_cleanup(&reader->record);
    ws_buffer_free(&reader->content);
    wtap_close(reader->file);
    g_free(reader);
}

bool wiretap_reader_next(wiretap_reader *reader, wiretap_packet *packet)
{
    const wtap_rec *record = &reader->record;
    int error = 0;
    char *why = NULL, *comment = NULL;
    gint64 offset;
    do {
        if (!wtap_read(reader->file, &reader->record, &reader->content, &error, &why, &offset)) {
            if (error != 0)
                g_error("%s (%s)", wtap_strerror(error), why != NULL ? why : "-");
            return false;
        }
    } while (record->rec_type != REC_TYPE_PACKET);
    g_assert(record->rec_header.packet_header.caplen == record->rec_header.packet_header.len);
    if (record->block != NULL)
        wtap_block_get_nth_string_option_value(record->block, OPT_COMMENT, 0, &comment);
    *packet = (wiretap_packet){
        .time_ns = (uint64_t)record->ts.secs * 1000000000u + (uint64_t)record->ts.nsecs,
        .data = ws_buffer_start_ptr(&reader->content),
        .length = record->rec_header.packet_header.caplen,
        .comment = comment,
    };
    return true;
}
