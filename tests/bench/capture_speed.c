/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture_speed CAPTURE KEYS: how many packets of a capture the model takes a second on one core,
 * how many with reading the file through libpcap, and how many when it hashes bodies, too. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "capture_reader.h"

#define ROUNDS 3u /* the best of these counts */

/* Time of the processor, in seconds: what else the machine does is not counted. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

typedef struct speed {
    unsigned packets;
    double seconds;
} speed;

/* Reads all of the capture, into the session unless that is NULL. */
static bool take(const char *path, ql_session *session, speed *out, GError **error)
{
    double start = now();
    unsigned packets = 0;
    ql_capture *capture = ql_capture_open(path, error);
    ql_datagram datagram;
    if (capture == NULL)
        return false;
    for (; ql_capture_next(capture, &datagram); packets++)
        if (session != NULL)
            ql_session_add_datagram(session, &datagram);
    if (session != NULL)
        ql_session_finish(session);
    ql_capture_close(capture);
    double seconds = now() - start;
    if (out->packets == 0 || seconds < out->seconds)
        *out = (speed){ packets, seconds };
    return true;
}

static bool take_anew(const char *path, ql_slice secrets, bool hashes, speed *out, GError **error)
{
    ql_session *session = ql_session_new();
    ql_session_add_secrets(session, secrets);
    ql_session_hash_bodies(session, hashes);
    bool read = take(path, session, out, error);
    ql_session_free(session);
    return read;
}

static bool measure(const char *path, ql_slice secrets, GError **error)
{
    speed bare = { 0 }, whole = { 0 }, hashed = { 0 };
    for (unsigned round = 0; round < ROUNDS; round++)
        if (!take(path, NULL, &bare, error) || !take_anew(path, secrets, false, &whole, error) ||
            !take_anew(path, secrets, true, &hashed, error))
            return false;
    printf("%.0f packets a second, %.0f with reading the file, %.0f with hashes, too\n",
           whole.packets / (whole.seconds - bare.seconds), whole.packets / whole.seconds,
           hashed.packets / hashed.seconds);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: capture_speed CAPTURE KEYS\n");
        return 2;
    }
    GError *error = NULL;
    char *text = NULL;
    gsize length;
    if (g_file_get_contents(argv[2], &text, &length, &error))
        measure(argv[1], (ql_slice){ (uint8_t *)text, length }, &error);
    g_free(text);
    if (error != NULL) {
        fprintf(stderr, "capture_speed: %s\n", error->message);
        g_error_free(error);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
