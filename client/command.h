/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A subcommand of quiclens, as the table in main.c knows it. */
#pragma once

/* What every subcommand returns, and so the program's exit status. */
enum ql_exit {
    QL_EXIT_DONE = 0,
    QL_EXIT_FAILED = 1, /* one sentence on standard error names what failed */
    QL_EXIT_USAGE = 2,  /* bad usage; nothing was attempted */
};

typedef struct ql_command {
    const char *name;
    const char *arguments; /* for the help text, such as "[options] URL..." */
    const char *summary;   /* half a line: what it is for */

    /* argv[0] is the subcommand's name, argv[argc] is NULL; the strings stay the caller's. Returns
     * a ql_exit. SIGPIPE is ignored in all of the program: a closed pipe is a write error. */
    int (*run)(int argc, char **argv);
} ql_command;

extern const ql_command ql_command_get;      /* get.c */
extern const ql_command ql_command_serve;    /* serve.c */
extern const ql_command ql_command_relay;    /* relay.c */
extern const ql_command ql_command_demo;     /* demo.c */
extern const ql_command ql_command_requests; /* analysis.c, as all that follow */
extern const ql_command ql_command_cids;
extern const ql_command ql_command_paths;
extern const ql_command ql_command_connections;
extern const ql_command ql_command_doctor;
extern const ql_command ql_command_explain;
