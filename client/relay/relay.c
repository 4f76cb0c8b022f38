/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quiclens relay: options, files and signals around the relay. */
#include "command.h"
#include "command_line.h"
#include "ending_signals.h"
#include "endpoint.h"
#include "options.h"
#include "relay_loop.h"
#include "text.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEFAULT_LISTEN "127.0.0.1:0"

typedef struct relay_record {
    char *listen, *to, *log;
    char *captures[QL_RELAY_SIDES];
    gboolean all;
    ql_relay_scenario scenario;
} relay_record;

/* "--delay" "15ms": all options of the scenario are its keys. */
static gboolean take_key(const char *name, const char *value, void *record, GError **error)
{
    return ql_relay_scenario_set(&((relay_record *)record)->scenario, name + 2, value, error);
}

static gboolean take_scenario(const char *name, const char *value, void *record, GError **error)
{
    (void)name;
    return ql_relay_scenario_parse(&((relay_record *)record)->scenario, value, error);
}

static gboolean take_scenario_file(const char *name, const char *value, void *record,
                                   GError **error)
{
    (void)name;
    return ql_relay_scenario_read(&((relay_record *)record)->scenario, value, error);
}

#define FIELD(name) offsetof(relay_record, name)
#define KEY(name, argument, help)                                                                  \
    {                                                                                              \
        name, '\0', QL_OPTION_CALL, 0, argument, help, take_key                                    \
    }

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const ql_option ends[] = {
    { "listen", 'l', QL_OPTION_STRING, FIELD(listen), "ADDR:PORT",
      "where clients come (default " DEFAULT_LISTEN "; port 0: any that is free)", NULL },
    { "to", 't', QL_OPTION_STRING, FIELD(to), "ADDR:PORT", "where the server is", NULL },
    END,
};

static const ql_option impairments[] = {
    { "scenario", 's', QL_OPTION_CALL, 0, "LINE",
      "these options in a line, without dashes: \"delay=15ms drop-rate=server:2\"; or one of "
      "quic-network-simulator's: \"droplist --drops_to_server=2,3\"",
      take_scenario },
    { "scenario-file", '\0', QL_OPTION_CALL, 0, "FILE", "the same from a file, # begins a comment",
      take_scenario_file },
    KEY("seed", "N", "the same seed does the same to the same packet numbers"),
    KEY("delay", "TIME", "one way: 15ms"),
    KEY("jitter", "TIME", "up to so much more; it keeps the order"),
    KEY("bandwidth", "RATE", "bits a second: 10Mbit, 500kbit"),
    KEY("queue", "N", "packets that may wait for the bandwidth (default 25)"),
    KEY("drop", "N,N-M,...", "lose these packets, counted from 1: client:2-7"),
    KEY("drop-rate", "PERCENT", "lose packets by chance"),
    KEY("drop-burst", "N", "after N in a row the next one passes"),
    KEY("corrupt", "N,N-M,...", "change a byte of these packets"),
    KEY("corrupt-rate", "PERCENT",
        "change a byte of the first 50; Version Negotiation is left alone"),
    KEY("corrupt-burst", "N", "after N in a row the next one is left alone"),
    KEY("duplicate", "N,N-M,...", "send these packets twice"),
    KEY("duplicate-rate", "PERCENT", "send packets twice"),
    KEY("reorder", "N,N-M,...", "hold these packets back"),
    KEY("reorder-rate", "PERCENT", "hold packets back, so that others overtake them"),
    KEY("reorder-by", "TIME", "for how long (default 10ms)"),
    KEY("blackhole", "ON,OFF[,TIMES]",
        "lose all for OFF after ON, so often (default once, 0: without end): 5s,2s"),
    KEY("blackhole-on", "TIME", "ON alone"),
    KEY("blackhole-off", "TIME", "OFF alone"),
    KEY("blackhole-times", "N", "TIMES alone"),
    KEY("rebind", "TIME,...", "give the clients another port towards the server, as a NAT does"),
    KEY("rebind-every", "TIME", "and again after the last of these"),
    KEY("rebind-address", "ADDR,...", "and another address, in turn: 127.0.0.2,127.0.0.3"),
    END,
};

static const ql_option records[] = {
    { "log", '\0', QL_OPTION_STRING, FIELD(log), "FILE",
      "JSON lines of what was done go there (default: standard output)", NULL },
    { "all", 'a', QL_OPTION_FLAG, FIELD(all), NULL, "a line for packets that just pass, too",
      NULL },
    { "capture-client", '\0', QL_OPTION_STRING, FIELD(captures[QL_RELAY_CLIENT]), "FILE",
      "pcapng of the clients' side, with a comment on each packet that was struck", NULL },
    { "capture-server", '\0', QL_OPTION_STRING, FIELD(captures[QL_RELAY_SERVER]), "FILE",
      "the same of the server's side", NULL },
    END,
};

static const char summary[] =
    "A bad network between any UDP client and server, the same each time: it delays, loses,\n"
    "corrupts, repeats and reorders datagrams, and changes the client's address.\n\n"
    "    quiclens relay --to 127.0.0.1:4433 --delay 15ms --bandwidth 10Mbit --drop-rate 2 --seed "
    "1\n"
    "    quiclens get -k https://127.0.0.1:PORT/        # PORT as the relay says\n\n"
    "Values are for both directions; \"client:\" or \"server:\" before one means what that side\n"
    "sends. Times (us, ms, s) count from the first datagram, packet numbers from 1 in each\n"
    "direction. Ctrl-C ends it.";

static bool refuse(const char *option, const char *text, const char *why, GError **error)
{
    g_autofree char *shown = ql_text_escape(text);
    g_set_error(error, QL_OPTIONS_ERROR, 0, "%s %s: %s", option, shown, why);
    return false;
}

static bool check(const relay_record *record, const ql_relay_options *options, GError **error)
{
    const ql_relay_scenario *scenario = &record->scenario;
    if (ql_address_equal(&options->listen, &options->server))
        return refuse("--to", record->to, "that is where the relay itself listens", error);
    for (size_t i = 0; i < scenario->rebind_address_count; i++)
        if (scenario->rebind_addresses[i].storage.ss_family != options->server.storage.ss_family)
            return refuse("--to", record->to, "--rebind-address is of the other IP version", error);
    return true;
}

static bool parse(relay_record *record, ql_relay_options *options, int argc, char **argv,
                  bool *asked_for_help, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const ql_option_group groups[] = {
        { "The two ends", ends, record },
        { "Impairments", impairments, record },
        { "Records", records, record },
        { NULL, NULL, NULL },
    };
    g_auto(GStrv) words = ql_options_parse(groups, argc, argv, "", summary, &cause);
    *asked_for_help = words == NULL && cause == NULL;
    if (cause != NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    if (words == NULL)
        return false;
    if (words[0] != NULL)
        return refuse("the word", words[0], "it is no option; --help lists them", error);
    if (record->to == NULL) {
        g_set_error(error, QL_OPTIONS_ERROR, 0, "--to ADDR:PORT is needed: where the server is");
        return false;
    }
    return ql_endpoint_parse("--listen", record->listen != NULL ? record->listen : DEFAULT_LISTEN,
                             0, &options->listen, error) &&
           ql_endpoint_parse("--to", record->to, 1, &options->server, error) &&
           check(record, options, error);
}

/* A few sockets a client: the usual 1,024 descriptors may not do. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void print_start(const ql_relay *relay, const ql_relay_options *options)
{
    g_autofree char *at = ql_address_to_string(ql_relay_address(relay));
    g_autofree char *to = ql_address_to_string(&options->server);
    printf("Listening on %s, relaying to %s\n", at, to);
    fflush(stdout);
    ql_relay_log_start(options->log, ql_relay_address(relay), &options->server,
                       options->scenario->seed);
}

static void print_trouble(const char *sentence)
{
    fprintf(stderr, "quiclens relay: %s\n", sentence);
}

static bool run_relay(const ql_relay_options *options, uint64_t packets[QL_RELAY_SIDES],
                      GError **error)
{
    int stop = ql_ending_signals_hold();
    ql_relay *relay = ql_relay_new(options, error);
    bool ok = relay != NULL;
    if (ok) {
        print_start(relay, options);
        ok = ql_relay_run(relay, stop, error);
        for (int side = 0; side < QL_RELAY_SIDES; side++)
            packets[side] = ql_relay_packets(relay, (ql_relay_side)side);
    }
    ql_relay_free(relay);
    if (stop >= 0)
        close(stop);
    return ok;
}

/* comment is on the captures. */
static bool open_files_and_run(const relay_record *record, ql_relay_options *options,
                               const char *comment, GError **error)
{
    uint64_t packets[QL_RELAY_SIDES] = { 0 };
    options->log = ql_relay_log_new(record->log, record->all, error);
    bool ok = options->log != NULL;
    for (int side = 0; ok && side < QL_RELAY_SIDES; side++)
        if (record->captures[side] != NULL)
            ok = (options->captures[side] = ql_self_capture_new_commented(record->captures[side],
                                                                          comment, error)) != NULL;
    ok = ok && run_relay(options, packets, error);
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        ok = ql_self_capture_close(options->captures[side], ok ? error : NULL) && ok;
    return ql_relay_log_close(options->log, packets, ok ? error : NULL) && ok;
}

static int run(int argc, char **argv)
{
    relay_record record = { .listen = NULL };
    ql_relay_options options = { .scenario = &record.scenario, .on_trouble = print_trouble };
    g_autoptr(GError) error = NULL;
    bool asked_for_help;
    int status = QL_EXIT_USAGE;
    ql_relay_scenario_init(&record.scenario, g_random_int());
    raise_descriptor_limit();
    g_autofree char *command_line = ql_command_line_show(argc, argv);
    if (parse(&record, &options, argc, argv, &asked_for_help, &error)) {
        g_autofree char *comment = ql_relay_scenario_describe(&record.scenario, command_line);
        bool done = open_files_and_run(&record, &options, comment, &error);
        status = done ? QL_EXIT_DONE : QL_EXIT_FAILED;
    } else if (asked_for_help) {
        status = QL_EXIT_DONE;
    }
    if (error != NULL)
        fprintf(stderr, "quiclens relay: %s\n", error->message);
    g_free(record.listen);
    g_free(record.to);
    g_free(record.log);
    for (int side = 0; side < QL_RELAY_SIDES; side++)
        g_free(record.captures[side]);
    return status;
}

const ql_command ql_command_relay = {
    .name = "relay",
    .arguments = "[options] --to ADDR:PORT",
    .summary = "a bad network between client and server, reproducible",
    .run = run,
};
