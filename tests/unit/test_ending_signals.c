/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ending_signals.h"

#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*life)(void);

/* What becomes of a process that lives so; each test has one of its own, for signals are a
 * process's. */
static int outcome_of(life live)
{
    pid_t child = fork();
    int status = 0;
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        _exit(live());
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    return status;
}

static bool is_readable(int fd)
{
    struct pollfd entry = { .fd = fd, .events = POLLIN };
    return poll(&entry, 1, 0) == 1;
}

static int hold_each(void)
{
    static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
    int fd = ql_ending_signals_hold();
    for (size_t i = 0; i < G_N_ELEMENTS(ending); i++) {
        if (is_readable(fd) || ql_ending_signals_take(fd) != 0)
            return 10;
        raise(ending[i]);
        if (!is_readable(fd) || ql_ending_signals_take(fd) != ending[i])
            return 20;
    }
    return close(fd);
}

static void test_each_is_held_and_taken_once(void)
{
    int status = outcome_of(hold_each);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static int ignore_one(void)
{
    signal(SIGHUP, SIG_IGN);
    int fd = ql_ending_signals_hold();
    raise(SIGHUP);
    if (is_readable(fd))
        return 10;
    raise(SIGTERM);
    return ql_ending_signals_take(fd) == SIGTERM ? 0 : 20;
}

static void test_what_is_to_be_ignored_is_not_heard_of(void)
{
    int status = outcome_of(ignore_one);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static int obey_one(void)
{
    int fd = ql_ending_signals_hold();
    raise(SIGTERM);
    ql_ending_signals_obey(ql_ending_signals_take(fd));
    return 0;
}

static void test_who_obeys_ends_by_the_signal(void)
{
    int status = outcome_of(obey_one);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGTERM);
}

static void test_without_a_descriptor_none_has_come(void)
{
    g_assert_cmpint(ql_ending_signals_take(-1), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ending_signals/each-is-held-and-taken-once",
                    test_each_is_held_and_taken_once);
    g_test_add_func("/ending_signals/what-is-to-be-ignored-is-not-heard-of",
                    test_what_is_to_be_ignored_is_not_heard_of);
    g_test_add_func("/ending_signals/who-obeys-ends-by-the-signal",
                    test_who_obeys_ends_by_the_signal);
    g_test_add_func("/ending_signals/without-a-descriptor-none-has-come",
                    test_without_a_descriptor_none_has_come);
    return g_test_run();
}
