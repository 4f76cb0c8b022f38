/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a command and prints what it took, as JSON: {"wall": s, "cpu": s, "memory": bytes, "status":
 * n}. A small program of its own, for the peak that the kernel reports of a process is never below
 * that of the one that started it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s RESULT COMMAND...\n", argv[0]);
        return 2;
    }
    FILE *result = fopen(argv[1], "w");
    if (result == NULL) {
        perror(argv[1]);
        return 2;
    }
    double began = now();
    pid_t child = vfork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror(argv[2]);
        return 2;
    }
    fprintf(result, "{\"wall\": %.6f, \"cpu\": %.6f, \"memory\": %ld, \"status\": %d}\n",
            now() - began, seconds(usage.ru_utime) + seconds(usage.ru_stime),
            usage.ru_maxrss * 1024, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    return fclose(result) == 0 ? 0 : 2;
}
