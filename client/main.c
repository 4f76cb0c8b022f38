/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ql_command *const commands[] = {
    &ql_command_demo,        &ql_command_get,      &ql_command_serve, &ql_command_relay,
    &ql_command_explain,     &ql_command_requests, &ql_command_cids,  &ql_command_paths,
    &ql_command_connections, &ql_command_doctor,
};

static void print_help(FILE *file)
{
    fputs("quiclens " QUICLENS_VERSION ": see inside your own HTTP/3 sessions\n\n", file);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *usage = g_strconcat(commands[i]->name, " ", commands[i]->arguments, NULL);
        fprintf(file, "  quiclens %-31s %s\n", usage, commands[i]->summary);
    }
    fputs("\nquiclens COMMAND --help lists the options of a command.\n", file);
}

static const ql_command *find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

/* A standard descriptor that is closed would be given to the next file or socket, which then took
 * what is meant for the terminal. In its place stands one that fails. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

/* What was printed and is not written is a failure, too. */
static int end(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    fprintf(stderr, "quiclens: cannot write to standard output: %s\n", g_strerror(errno));
    return status == QL_EXIT_DONE ? QL_EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    hold_standard_descriptors();
    setlocale(LC_CTYPE, ""); /* numbers stay as they are written everywhere */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return QL_EXIT_USAGE;
    }
    if (is_one_of(argv[1], "help", "--help", "-h")) {
        print_help(stdout);
        return end(QL_EXIT_DONE);
    }
    if (is_one_of(argv[1], "version", "--version", "-V")) {
        puts("quiclens " QUICLENS_VERSION);
        return end(QL_EXIT_DONE);
    }
    const ql_command *command = find(argv[1]);
    if (command == NULL) {
        fprintf(stderr, "quiclens: there is no command %s; quiclens --help lists them\n", argv[1]);
        return QL_EXIT_USAGE;
    }
    if (!ql_tls_library_init(&error)) {
        fprintf(stderr, "quiclens: %s\n", error->message);
        return QL_EXIT_FAILED;
    }
    return end(command->run(argc - 1, argv + 1));
}
