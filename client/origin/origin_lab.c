/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin_lab.h"

#include "measure.h"

#include <glib.h>
#include <string.h>

#define MOST_BYTES (100ull * 1000 * 1000 * 1000)
#define MOST_RATE  (1000ull * 1000 * 1000)
#define MOST_DELAY (60ull * 1000 * 1000 * 1000)

static bool parse_bytes(const char *text, uint64_t most, uint64_t *bytes)
{
    return ql_measure_bytes(text, bytes) && *bytes <= most;
}

static bool take_status(const char *value, ql_origin_plan *plan)
{
    guint64 status;
    if (!g_ascii_string_to_unsigned(value, 10, 200, 599, &status, NULL))
        return false;
    plan->status = (unsigned)status;
    return true;
}

static bool take_content_bytes(const char *value, ql_origin_plan *plan)
{
    plan->content = QL_ORIGIN_PLAN_BYTES;
    return parse_bytes(value, MOST_BYTES, &plan->bytes);
}

static bool take_headers(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->content = QL_ORIGIN_PLAN_HEADERS;
    return true;
}

static bool take_mirror(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->content = QL_ORIGIN_PLAN_MIRROR;
    return true;
}

static bool take_redirect(const char *value, ql_origin_plan *plan)
{
    guint64 count;
    if (!g_ascii_string_to_unsigned(value, 10, 1, QL_ORIGIN_LAB_MAX_REDIRECTS, &count, NULL))
        return false;
    plan->redirects = (unsigned)count;
    return true;
}

static bool take_early_hints(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->early_hints = true;
    return true;
}

static bool take_delay(const char *value, ql_origin_plan *plan)
{
    return ql_measure_duration(value, &plan->delay) && plan->delay <= MOST_DELAY;
}

static bool take_slow(const char *value, ql_origin_plan *plan)
{
    return parse_bytes(value, MOST_RATE, &plan->rate) && plan->rate > 0;
}

static bool take_reset(const char *value, ql_origin_plan *plan)
{
    plan->reset = true;
    return parse_bytes(value, MOST_BYTES, &plan->reset_after);
}

static bool take_trailers(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->trailers = true;
    return true;
}

static bool take_gzip(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->coding = QL_ORIGIN_CODING_GZIP;
    return true;
}

static bool take_brotli(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->coding = QL_ORIGIN_CODING_BROTLI;
    return true;
}

static bool take_zstd(const char *value, ql_origin_plan *plan)
{
    (void)value;
    plan->coding = QL_ORIGIN_CODING_ZSTD;
    return true;
}

static const struct {
    const char *word;
    bool has_value;
    bool (*take)(const char *value, ql_origin_plan *plan);
} words[] = {
    { "status", true, take_status },     { "bytes", true, take_content_bytes },
    { "headers", false, take_headers },  { "mirror", false, take_mirror },
    { "redirect", true, take_redirect }, { "early-hints", false, take_early_hints },
    { "delay", true, take_delay },       { "slow", true, take_slow },
    { "reset", true, take_reset },       { "trailers", false, take_trailers },
    { "gzip", false, take_gzip },        { "br", false, take_brotli },
    { "zstd", false, take_zstd },
};

/* Takes the first word of segments, and its value. How many segments these were; 0: it is none. */
static size_t take_word(char *const *segments, ql_origin_plan *plan)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].word, segments[0]) != 0)
            continue;
        if (words[i].has_value && segments[1] == NULL)
            return 0;
        if (!words[i].take(segments[1], plan))
            return 0;
        return words[i].has_value ? 2 : 1;
    }
    return 0;
}

bool ql_origin_lab_parse(const char *target, ql_origin_plan *plan)
{
    ql_origin_plan made = { .status = 0 };
    if (target[0] != '/')
        return false;
    g_autofree char *path = g_strndup(target + 1, strcspn(target + 1, "?#"));
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    if (segments[0] == NULL)
        return false;
    for (char **at = segments; *at != NULL;) {
        size_t taken = take_word(at, &made);
        if (taken == 0)
            return false;
        at += taken;
    }
    *plan = made;
    return true;
}
