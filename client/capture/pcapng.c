/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    BLOCK_SECTION_HEADER = 0x0a0d0d0a,
    BLOCK_INTERFACE_DESCRIPTION = 1,
    BLOCK_NAME_RESOLUTION = 4,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_DECRYPTION_SECRETS = 10,
};

enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_SHB_OS = 3,
    OPTION_SHB_USERAPPL = 4,
    OPTION_IF_NAME = 2,
    OPTION_IF_DESCRIPTION = 3,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_OS = 12,
    OPTION_EPB_FLAGS = 2,
    OPTION_EPB_DROPCOUNT = 4,
};

enum { NAME_END = 0, NAME_IPV4 = 1, NAME_IPV6 = 2 };

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define NAME_BYTES       255u
#define PIECE_BYTES      (256u * 1024u) /* of the file, which are written without being asked */
#define SPARE_BYTES      (4u * 1024u)   /* behind them, for the block that crosses the line */
#define RESERVE_FROM     (1024 * 1024)  /* bytes of a file, from which on room is reserved ahead: */
#define RESERVE_AT_MOST  (64 * 1024 * 1024) /* as much as there is, up to this */

struct ql_pcapng {
    int fd;
    uint8_t *gathered;    /* the rest of a block, whole blocks, and the one under construction */
    size_t length, space; /* of gathered: used, and there */
    size_t rest;          /* bytes of gathered that end a block of which a part is written */
    size_t block_start;   /* of the one under construction, in gathered */
    int64_t written;      /* bytes that the kernel took, */
    int64_t whole;        /* of which so many are whole blocks */
    int64_t reserved;     /* the file system has room for so many; INT64_MAX: it is not asked */
    bool asked;           /* it was */
    GError *error;        /* the first failure */
};

static void make_space(ql_pcapng *writer, size_t length)
{
    while (writer->space - writer->length < length)
        writer->space *= 2;
    writer->gathered = g_realloc(writer->gathered, writer->space);
}

/* Where length bytes are to be put. */
static uint8_t *take_space(ql_pcapng *writer, size_t length)
{
    if (writer->space - writer->length < length)
        make_space(writer, length);
    writer->length += length;
    return writer->gathered + writer->length - length;
}

static void put(ql_pcapng *writer, const void *data, size_t length)
{
    uint8_t *at = take_space(writer, length);
    if (length > 0)
        memcpy(at, data, length);
}

static void put_u16(ql_pcapng *writer, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    put(writer, &value, sizeof value);
}

static void put_u32(ql_pcapng *writer, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    put(writer, &value, sizeof value);
}

static void put_padding(ql_pcapng *writer)
{
    static const uint8_t zeros[4];
    put(writer, zeros, (4 - (writer->length - writer->block_start) % 4) % 4);
}

static void put_option(ql_pcapng *writer, uint16_t code, const void *value, size_t length)
{
    put_u16(writer, code);
    put_u16(writer, (uint16_t)length);
    put(writer, value, length);
    put_padding(writer);
}

static void put_text_option(ql_pcapng *writer, uint16_t code, const char *text)
{
    if (text != NULL)
        put_option(writer, code, text, MIN(strlen(text), UINT16_MAX));
}

static void begin_block(ql_pcapng *writer, uint32_t type)
{
    writer->block_start = writer->length;
    put_u32(writer, type);
    put_u32(writer, 0); /* the total length, known at its end */
}

/* A file system that is told ahead where it will have to write has less to do then. The file gets
 * no longer by it. */
static void reserve(ql_pcapng *writer)
{
    int64_t more = MIN(writer->written, RESERVE_AT_MOST);
    if (writer->written + (int64_t)writer->length <= writer->reserved)
        return;
    writer->asked = true;
    if (fallocate(writer->fd, FALLOC_FL_KEEP_SIZE, writer->written, more) == 0)
        writer->reserved = writer->written + more;
    else
        writer->reserved = INT64_MAX; /* it cannot, or has not so much: the write will tell */
}

static size_t length_of_block(const ql_pcapng *writer, size_t start)
{
    uint32_t length;
    memcpy(&length, writer->gathered + start + 4, sizeof length);
    return GUINT32_FROM_LE(length);
}

/* Of the bytes gathered, the kernel took so many. */
static void count_written(ql_pcapng *writer, size_t taken)
{
    size_t end = writer->rest;
    for (; end < taken; end += length_of_block(writer, end))
        writer->whole = writer->written + (int64_t)end;
    if (end == taken)
        writer->whole = writer->written + (int64_t)end;
    writer->written += (int64_t)taken;
    writer->rest = end - taken;
}

/* A block that only half fitted on the disk would make readers complain: it is taken away again. A
 * pipe cannot be cut, and ftruncate says so without harm. */
static void remember_write_failure(ql_pcapng *writer, int cause)
{
    g_set_error(&writer->error, G_FILE_ERROR, (gint)g_file_error_from_errno(cause),
                "after %" PRId64 " bytes: %s", writer->whole, g_strerror(cause));
    off_t position = lseek(writer->fd, 0, SEEK_CUR);
    if (position < 0)
        return;
    off_t torn = (off_t)(writer->written - writer->whole);
    if (torn > 0 && ftruncate(writer->fd, position - torn) != 0)
        g_prefix_error(&writer->error, "the last block is incomplete: ");
}

/* Hands the first length bytes gathered to the kernel. */
static void write_gathered(ql_pcapng *writer, size_t length)
{
    size_t taken = 0;
    int cause = 0;
    reserve(writer);
    while (writer->error == NULL && cause == 0 && taken < length) {
        ssize_t n = write(writer->fd, writer->gathered + taken, length - taken);
        if (n >= 0) {
            taken += (size_t)n;
        } else if (errno == EAGAIN) { /* somebody made the pipe non-blocking: wait for its reader */
            struct pollfd writable = { .fd = writer->fd, .events = POLLOUT };
            poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            cause = errno;
        }
    }
    count_written(writer, taken);
    if (cause != 0)
        remember_write_failure(writer, cause);
    writer->length -= length;
    memmove(writer->gathered, writer->gathered + length, writer->length);
}

/* Pieces end where the file has a round number of bytes, in the middle of a block: the page cache
 * then takes each as one run of memory, which costs a quarter less than whole blocks. */
static void end_block(ql_pcapng *writer)
{
    put_padding(writer);
    uint32_t length = (uint32_t)(writer->length - writer->block_start) + 4;
    put_u32(writer, length);
    length = GUINT32_TO_LE(length);
    memcpy(writer->gathered + writer->block_start + 4, &length, sizeof length);
    size_t piece = PIECE_BYTES - (size_t)(writer->written % PIECE_BYTES);
    if (writer->length >= piece)
        write_gathered(writer, piece);
}

/* What lies in memory only has nothing to lay out. */
static bool is_fresh_file_on_disk(int fd)
{
    struct stat entry;
    struct statfs system;
    return fstat(fd, &entry) == 0 && S_ISREG(entry.st_mode) && entry.st_size == 0 &&
           fstatfs(fd, &system) == 0 && system.f_type != TMPFS_MAGIC;
}

/* A file that is cut to the length that it has loses what was reserved behind it. */
static void give_back_reserve(const ql_pcapng *writer)
{
    struct stat entry;
    if (writer->asked && fstat(writer->fd, &entry) == 0 &&
        ftruncate(writer->fd, entry.st_size) != 0)
        g_debug("the capture keeps its reserve: %s", g_strerror(errno));
}

ql_pcapng *ql_pcapng_new(int fd, const ql_pcapng_description *description)
{
    ql_pcapng *writer = g_new0(ql_pcapng, 1);
    writer->fd = fd;
    writer->space = PIECE_BYTES + SPARE_BYTES;
    writer->gathered = g_malloc(writer->space);
    writer->reserved = is_fresh_file_on_disk(fd) ? RESERVE_FROM : INT64_MAX;

    begin_block(writer, BLOCK_SECTION_HEADER);
    put_u32(writer, BYTE_ORDER_MAGIC);
    put_u16(writer, 1);
    put_u16(writer, 0);
    put_u32(writer, UINT32_MAX); /* section length: not known, as this is a stream */
    put_u32(writer, UINT32_MAX);
    put_text_option(writer, OPTION_COMMENT, description->comment);
    put_text_option(writer, OPTION_SHB_OS, description->system);
    put_text_option(writer, OPTION_SHB_USERAPPL, description->application);
    put_option(writer, OPTION_END, NULL, 0);
    end_block(writer);

    static const uint8_t nanoseconds = 9; /* 10^-9 */
    begin_block(writer, BLOCK_INTERFACE_DESCRIPTION);
    put_u16(writer, description->link_type);
    put_u16(writer, 0);
    put_u32(writer, 0); /* no limit on a packet's length */
    put_text_option(writer, OPTION_IF_NAME, description->interface);
    put_text_option(writer, OPTION_IF_DESCRIPTION, description->interface_description);
    put_option(writer, OPTION_IF_TSRESOL, &nanoseconds, sizeof nanoseconds);
    put_text_option(writer, OPTION_IF_OS, description->system);
    put_option(writer, OPTION_END, NULL, 0);
    end_block(writer);
    return writer;
}

void ql_pcapng_write_secrets(ql_pcapng *writer, uint32_t type, const void *data, size_t length)
{
    if (writer->error != NULL)
        return;
    begin_block(writer, BLOCK_DECRYPTION_SECRETS);
    put_u32(writer, type);
    put_u32(writer, (uint32_t)length);
    put(writer, data, length);
    end_block(writer);
}

void ql_pcapng_write_name(ql_pcapng *writer, const uint8_t *address, size_t address_length,
                          const char *name)
{
    size_t name_length = strlen(name) + 1; /* its zero byte included */
    if (writer->error != NULL || (address_length != 4 && address_length != 16) ||
        name_length > NAME_BYTES + 1)
        return;
    begin_block(writer, BLOCK_NAME_RESOLUTION);
    put_u16(writer, address_length == 4 ? NAME_IPV4 : NAME_IPV6);
    put_u16(writer, (uint16_t)(address_length + name_length));
    put(writer, address, address_length);
    put(writer, name, name_length);
    put_padding(writer);
    put_option(writer, NAME_END, NULL, 0);
    end_block(writer);
}

uint8_t *ql_pcapng_begin_packet(ql_pcapng *writer, uint64_t time_ns, size_t length)
{
    if (writer->error != NULL)
        return NULL;
    begin_block(writer, BLOCK_ENHANCED_PACKET);
    put_u32(writer, 0); /* the one interface */
    put_u32(writer, (uint32_t)(time_ns >> 32));
    put_u32(writer, (uint32_t)time_ns);
    put_u32(writer, (uint32_t)length);
    put_u32(writer, (uint32_t)length);
    return take_space(writer, length);
}

void ql_pcapng_end_packet(ql_pcapng *writer, const ql_pcapng_remarks *remarks)
{
    uint32_t flags = GUINT32_TO_LE((uint32_t)remarks->way);
    uint64_t lost = GUINT64_TO_LE(remarks->lost);
    put_padding(writer);
    put_text_option(writer, OPTION_COMMENT, remarks->comment);
    if (remarks->way != QL_PCAPNG_WAY_UNKNOWN)
        put_option(writer, OPTION_EPB_FLAGS, &flags, sizeof flags);
    if (remarks->lost != 0)
        put_option(writer, OPTION_EPB_DROPCOUNT, &lost, sizeof lost);
    if (remarks->comment != NULL || remarks->way != QL_PCAPNG_WAY_UNKNOWN || remarks->lost != 0)
        put_option(writer, OPTION_END, NULL, 0);
    end_block(writer);
}

void ql_pcapng_flush(ql_pcapng *writer)
{
    write_gathered(writer, writer->length);
}

void ql_pcapng_fail(ql_pcapng *writer, GError *error)
{
    ql_pcapng_flush(writer);
    if (writer->error == NULL)
        writer->error = error;
    else
        g_error_free(error);
}

bool ql_pcapng_close(ql_pcapng *writer, GError **error)
{
    if (writer == NULL)
        return true;
    ql_pcapng_flush(writer);
    give_back_reserve(writer);
    /* Some file systems report a full disk only here. */
    if (close(writer->fd) != 0 && writer->error == NULL && errno != EINTR)
        g_set_error(&writer->error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "%s",
                    g_strerror(errno));
    bool ok = writer->error == NULL;
    if (!ok)
        g_propagate_error(error, writer->error);
    g_free(writer->gathered);
    g_free(writer);
    return ok;
}
