/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dumpcap.h"

#include "address.h"
#include "pcapng_secrets.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS     10000 /* it has to begin within that time */
#define GATHER_MS    700   /* longer than dumpcap lets the kernel gather (250 ms) */
#define END_MS       5000  /* it has to end within that time of each signal */
#define SAID_AT_MOST 65536u

G_DEFINE_QUARK(ql_dumpcap_error, ql_dumpcap_error)

struct ql_dumpcap {
    char *path;
    GPid process;
    int said_fd;      /* its standard error */
    GString *said;    /* of it, so far */
    GString *secrets; /* lines */
};

char *ql_dumpcap_filter(const GArray *addresses)
{
    GString *filter = g_string_new(NULL);
    for (guint i = 0; i < addresses->len; i++) {
        const ql_address *address = &g_array_index(addresses, ql_address, i);
        g_autofree char *text = ql_address_to_string(address);
        char *colon = strrchr(text, ':');
        *colon = '\0';
        g_strdelimit(text, "[]", ' ');
        text[strcspn(text, "%")] = '\0'; /* a scope has no place in a filter */
        g_string_append_printf(filter, "%s(udp port %u and host %s)", i > 0 ? " or " : "",
                               ql_address_port(address), g_strstrip(text));
    }
    return g_string_free(filter, filter->len == 0);
}

/* Runs in the child, before dumpcap. If this program is killed, dumpcap ends as by Ctrl-C; but the
 * kernel forgets that where dumpcap's file gives it privileges (prctl(2)). */
static void set_up_child(gpointer unused)
{
    (void)unused;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGINT);
}

static bool spawn(ql_dumpcap *dumpcap, const ql_dumpcap_plan *plan, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *arguments[] = { "dumpcap", "-q",         "-i", plan->interface,
                                "-f",      plan->filter, "-w", plan->path,
                                NULL,      NULL,         NULL };
    if (plan->comment != NULL) {
        arguments[8] = "--capture-comment";
        arguments[9] = plan->comment;
    }
    if (g_spawn_async_with_pipes(
            NULL, (char **)(uintptr_t)arguments, NULL,
            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
            set_up_child, NULL, &dumpcap->process, NULL, NULL, &dumpcap->said_fd, &cause))
        return true;
    if (g_error_matches(cause, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
        g_set_error(error, QL_DUMPCAP_ERROR, 0,
                    "--dumpcap: dumpcap is not installed: it comes with Wireshark (Debian: apt "
                    "install wireshark-common); without --dumpcap the capture needs none");
    else
        g_set_error(error, QL_DUMPCAP_ERROR, 0,
                    "--dumpcap: %s; who may run dumpcap is in the group wireshark on Debian, and "
                    "without --dumpcap the capture needs no privilege",
                    cause->message);
    return false;
}

/* Reads on. False at the end of what it says, or of the time. */
static bool listen_to(ql_dumpcap *dumpcap, int timeout_ms)
{
    char piece[1024];
    struct pollfd readable = { .fd = dumpcap->said_fd, .events = POLLIN };
    if (poll(&readable, 1, timeout_ms) <= 0)
        return false;
    ssize_t n = read(dumpcap->said_fd, piece, sizeof piece);
    if (n > 0 && dumpcap->said->len < SAID_AT_MOST)
        g_string_append_len(dumpcap->said, piece, n);
    return n > 0;
}

/* What it says about a failure: the line that it begins with its name, and what stands below it in
 * parentheses. To be freed by g_free. */
static char *complaint_of(const ql_dumpcap *dumpcap)
{
    g_auto(GStrv) lines = g_strsplit(dumpcap->said->str, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (!g_str_has_prefix(*line, "dumpcap: "))
            continue;
        g_autofree char *more =
            line[1] != NULL && line[1][0] == '(' ? g_strconcat(" ", line[1], NULL) : g_strdup("");
        g_autofree char *text = g_strconcat(*line + strlen("dumpcap: "), more, NULL);
        return ql_text_escape(text);
    }
    return g_strdup("it ended without a word");
}

static bool is_capturing(const ql_dumpcap *dumpcap)
{
    return strstr(dumpcap->said->str, "\nFile: ") != NULL ||
           g_str_has_prefix(dumpcap->said->str, "File: ");
}

static bool has_ended(const ql_dumpcap *dumpcap, int *status)
{
    return waitpid(dumpcap->process, status, WNOHANG) == dumpcap->process;
}

static void wait_ms(long ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* Each signal has its time; the last one cannot be refused. Returns waitpid's status. */
static int end_process(ql_dumpcap *dumpcap)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGKILL };
    int status = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        kill(dumpcap->process, signals[i]);
        for (int waited = 0; waited < END_MS; waited += 10) {
            if (has_ended(dumpcap, &status))
                return status;
            wait_ms(10);
        }
    }
    return status;
}

static void dumpcap_free(ql_dumpcap *dumpcap)
{
    if (dumpcap->said_fd >= 0)
        close(dumpcap->said_fd);
    explicit_bzero(dumpcap->secrets->str, dumpcap->secrets->len);
    g_string_free(dumpcap->secrets, TRUE);
    g_string_free(dumpcap->said, TRUE);
    g_free(dumpcap->path);
    g_free(dumpcap);
}

static void set_start_error(const ql_dumpcap *dumpcap, const char *interface, GError **error)
{
    g_autofree char *complaint = complaint_of(dumpcap);
    bool privilege =
        strstr(complaint, "ermission") != NULL || strstr(complaint, "ermitted") != NULL;
    g_set_error(error, QL_DUMPCAP_ERROR, 0, "dumpcap cannot capture on %s: %s%s", interface,
                complaint,
                privilege ? " It needs privileges (Debian: dpkg-reconfigure wireshark-common, then "
                            "be in the group wireshark); without --dumpcap the capture needs none"
                          : "");
}

ql_dumpcap *ql_dumpcap_new(const ql_dumpcap_plan *plan, GError **error)
{
    ql_dumpcap *dumpcap = g_new0(ql_dumpcap, 1);
    dumpcap->path = g_strdup(plan->path);
    dumpcap->said_fd = -1;
    dumpcap->said = g_string_new(NULL);
    dumpcap->secrets = g_string_new(NULL);
    if (!spawn(dumpcap, plan, error)) {
        dumpcap_free(dumpcap);
        return NULL;
    }
    while (!is_capturing(dumpcap) && listen_to(dumpcap, START_MS))
        continue;
    if (is_capturing(dumpcap))
        return dumpcap;
    end_process(dumpcap);
    set_start_error(dumpcap, plan->interface, error);
    dumpcap_free(dumpcap);
    return NULL;
}

void ql_dumpcap_secret(ql_dumpcap *dumpcap, const char *line)
{
    g_string_append(dumpcap->secrets, line);
    if (!g_str_has_suffix(line, "\n"))
        g_string_append_c(dumpcap->secrets, '\n');
}

bool ql_dumpcap_close(ql_dumpcap *dumpcap, GError **error)
{
    int status;
    if (dumpcap == NULL)
        return true;
    bool early = has_ended(dumpcap, &status);
    if (!early) {
        wait_ms(GATHER_MS);
        status = end_process(dumpcap);
    }
    while (listen_to(dumpcap, 0))
        continue;
    bool good = !early && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!good) {
        g_autofree char *complaint = complaint_of(dumpcap);
        g_set_error(error, QL_DUMPCAP_ERROR, 0, "dumpcap did not write %s to its end: %s",
                    dumpcap->path, complaint);
    }
    /* What there is shall be readable in any case. */
    if (dumpcap->secrets->len > 0)
        good = ql_pcapng_add_secrets(dumpcap->path, dumpcap->secrets, good ? error : NULL) && good;
    dumpcap_free(dumpcap);
    return good;
}
