/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcapng_secrets.h"

#include "pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECTION_HEADER     0x0a0d0d0au
#define BYTE_ORDER_MAGIC   0x1a2b3c4du
#define INTERFACE          1u
#define DECRYPTION_SECRETS 10u
#define BLOCK_AT_MOST      (1u << 20) /* of those before the first packet */
#define COPY_BYTES         65536u

typedef struct block_head {
    uint32_t type, length;
} block_head;

static uint32_t in_order(uint32_t value, bool swapped)
{
    return swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

/* Finds where the first block after section and interfaces is, and the file's byte order. */
static bool find_place(FILE *file, long *place, bool *swapped)
{
    block_head head;
    uint32_t magic;
    if (fread(&head, sizeof head, 1, file) != 1 || head.type != SECTION_HEADER ||
        fread(&magic, sizeof magic, 1, file) != 1)
        return false;
    *swapped = magic != BYTE_ORDER_MAGIC;
    if (in_order(magic, *swapped) != BYTE_ORDER_MAGIC)
        return false;
    *place = 0;
    do {
        uint32_t length = in_order(head.length, *swapped);
        if (length < 12 || length > BLOCK_AT_MOST)
            return false;
        *place += (long)length;
        if (fseek(file, *place, SEEK_SET) != 0)
            return false;
    } while (fread(&head, sizeof head, 1, file) == 1 && in_order(head.type, *swapped) == INTERFACE);
    return true;
}

static bool copy(FILE *from, FILE *to, long bytes)
{
    g_autofree char *buffer = g_malloc(COPY_BYTES);
    while (bytes != 0) {
        size_t wanted = bytes < 0 ? COPY_BYTES : MIN((size_t)bytes, COPY_BYTES);
        size_t n = fread(buffer, 1, wanted, from);
        if (n == 0)
            return bytes < 0 && ferror(from) == 0;
        if (fwrite(buffer, 1, n, to) != n)
            return false;
        bytes -= bytes < 0 ? 0 : (long)n;
    }
    return true;
}

static bool write_number(FILE *file, uint32_t value, bool swapped)
{
    value = in_order(value, swapped);
    return fwrite(&value, sizeof value, 1, file) == 1;
}

static bool write_block(FILE *file, const GString *lines, bool swapped)
{
    static const char zeros[4];
    size_t padding = (4 - lines->len % 4) % 4;
    uint32_t length = (uint32_t)(lines->len + padding + 5 * sizeof(uint32_t));
    return write_number(file, DECRYPTION_SECRETS, swapped) && write_number(file, length, swapped) &&
           write_number(file, QL_PCAPNG_SECRETS_TLS, swapped) &&
           write_number(file, (uint32_t)lines->len, swapped) &&
           fwrite(lines->str, 1, lines->len, file) == lines->len &&
           fwrite(zeros, 1, padding, file) == padding && write_number(file, length, swapped);
}

/* Whether all of it was written; why is set if not. */
static bool write_all(FILE *from, FILE *to, const GString *lines, const char **why)
{
    long place = 0;
    bool swapped = false;
    if (!find_place(from, &place, &swapped)) {
        *why = "it is no pcapng file";
        return false;
    }
    rewind(from);
    errno = 0;
    bool good = copy(from, to, place) && write_block(to, lines, swapped) && copy(from, to, -1) &&
                fflush(to) == 0;
    *why = errno != 0 ? g_strerror(errno) : "it is cut short";
    return good;
}

bool ql_pcapng_add_secrets(const char *path, const GString *lines, GError **error)
{
    const char *why = NULL;
    g_autofree char *beside = g_strconcat(path, ".XXXXXX", NULL);
    FILE *from = fopen(path, "re");
    if (from == NULL) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "cannot read %s: %s",
                    path, g_strerror(errno));
        return false;
    }
    int fd = g_mkstemp_full(beside, O_WRONLY | O_CLOEXEC, 0600);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    if (to == NULL)
        why = g_strerror(errno);
    bool good = to != NULL && write_all(from, to, lines, &why);
    if (to != NULL && fclose(to) != 0 && good) {
        why = g_strerror(errno);
        good = false;
    }
    if (good && rename(beside, path) != 0) {
        why = g_strerror(errno);
        good = false;
    }
    fclose(from);
    if (!good && fd >= 0)
        unlink(beside);
    if (!good)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot add the secrets to %s: %s",
                    path, why);
    return good;
}
