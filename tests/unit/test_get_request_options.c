/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of requests, redirections and outputs. */
#include "get_line.h"

#include <glib/gstdio.h>

static void test_outputs_keep_the_order_of_o_and_O(void)
{
    ql_get_options options;
    g_assert_true(get_line_parse(&options, "-o x -O -o - a b c", NULL));
    g_assert_cmpuint(options.outputs->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(options.outputs, 0), ==, "x");
    g_assert_cmpstr(g_ptr_array_index(options.outputs, 1), ==, "");
    g_assert_cmpstr(g_ptr_array_index(options.outputs, 2), ==, "-");
    ql_get_options_clear(&options);
}

static void test_data_knows_files_and_line_ends(void)
{
    ql_get_options options;
    g_assert_true(get_line_parse(&options, "-d a=b -d @file --data-binary @- a", NULL));
    const ql_get_data *data = &g_array_index(options.data, ql_get_data, 0);
    g_assert_true(strcmp(data[0].text, "a=b") == 0 && !data[0].file && data[0].strip);
    g_assert_true(strcmp(data[1].text, "file") == 0 && data[1].file && data[1].strip);
    g_assert_true(strcmp(data[2].text, "-") == 0 && data[2].file && !data[2].strip);
    ql_get_options_clear(&options);
}

static void test_data_is_encoded_but_for_its_name(void)
{
    static const char *const given[][2] = {
        { "a&b", "a%26b" },   { "=a=b", "a%3Db" },          { "n=ä/", "n=%C3%A4%2F" },
        { "n=@x", "n=%40x" }, { "@encoded", "%00%0A%20x" }, { "n@encoded", "n=%00%0A%20x" },
    };
    g_assert_true(g_file_set_contents("encoded", "\0\n x", 4, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
        ql_get_options options;
        g_autofree char *line =
            g_strdup_printf("--data-urlencode %s --url-query %s a", given[i][0], given[i][0]);
        g_assert_true(get_line_parse(&options, line, NULL));
        const ql_get_data *data = &g_array_index(options.data, ql_get_data, 0);
        g_assert_cmpstr(data->text, ==, given[i][1]);
        g_assert_false(data->file);
        g_assert_cmpstr(g_ptr_array_index(options.queries, 0), ==, given[i][1]);
        ql_get_options_clear(&options);
    }
    g_remove("encoded");
    get_line_assert_refused("--data-urlencode n@encoded a", "encoded");
}

static void test_sizes_have_units_of_1024(void)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = { { "7", 7 }, { "2k", 2048 }, { "3m", 3145728 }, { "1G", 1073741824 } };
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ql_get_options options;
        g_autofree char *line = g_strdup_printf("--max-filesize %s a", sizes[i].text);
        g_assert_true(get_line_parse(&options, line, NULL));
        g_assert_cmpuint(options.max_filesize, ==, sizes[i].bytes);
        ql_get_options_clear(&options);
    }
    get_line_assert_refused("--max-filesize 2x a", "--max-filesize takes a number of bytes");
}

static void test_ranges_say_that_they_are_bytes(void)
{
    ql_get_options options;
    g_assert_true(get_line_parse(&options, "-r 1-2 -r 5- a", NULL));
    g_assert_cmpstr(options.range, ==, "bytes=5-"); /* the last one counts */
    ql_get_options_clear(&options);
    g_assert_true(get_line_parse(&options, "-r lines=5 a", NULL));
    g_assert_cmpstr(options.range, ==, "lines=5");
    ql_get_options_clear(&options);
}

static void test_json_is_data_with_a_type(void)
{
    ql_get_options options;
    g_assert_true(get_line_parse(&options, "--json @file --data-raw @text a", NULL));
    const ql_get_data *data = &g_array_index(options.data, ql_get_data, 0);
    g_assert_true(options.json);
    g_assert_true(data[0].file && !data[0].strip);
    g_assert_true(!data[1].file && strcmp(data[1].text, "@text") == 0);
    ql_get_options_clear(&options);
}

static void test_priorities_later_are_of_urls_by_number(void)
{
    ql_get_options options;
    g_assert_true(get_line_parse(&options, "--reprioritize 2:u=0,i --reprioritize 0:u=7 a", NULL));
    g_assert_cmpuint(g_hash_table_size(options.later_priorities), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(options.later_priorities, GUINT_TO_POINTER(2)), ==,
                    "u=0,i");
    g_assert_true(ql_trigger_is_set(&options.reprioritize_after));
    ql_get_options_clear(&options);
}

static void test_what_is_out_of_range_is_refused_by_name(void)
{
    static const char *const refused[][2] = {
        { "--parallel-max 0 a", "--parallel-max takes a number from 1 to 65535" },
        { "--parallel-max 65536 a", "--parallel-max takes" },
        { "--delay-requests 0 a", "a time is expected" },
        { "--delay-requests 10x a", "bad value \"10x\" of --delay-requests" },
        { "-C 0 -o x a", "-C takes" },
        { "-C -5 -o x a", "-C takes" },
        { "--reprioritize u=1 a", "--reprioritize takes" },
        { "--reprioritize 1: a", "--reprioritize takes" },
        { "--reprioritize 1:\x01 a", "--reprioritize takes" },
        { "--summary xml a", "json only" },
        { "-o  a", "-o needs the name of a file" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        get_line_assert_refused(refused[i][0], refused[i][1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add_func("/get_request_options/" name, test)
    ADD("outputs keep the order of -o and -O", test_outputs_keep_the_order_of_o_and_O);
    ADD("data knows files and line ends", test_data_knows_files_and_line_ends);
    ADD("data is encoded but for its name", test_data_is_encoded_but_for_its_name);
    ADD("sizes have units of 1024", test_sizes_have_units_of_1024);
    ADD("ranges say that they are bytes", test_ranges_say_that_they_are_bytes);
    ADD("JSON is data with a type", test_json_is_data_with_a_type);
    ADD("priorities later are of URLs by number", test_priorities_later_are_of_urls_by_number);
    ADD("what is out of range is refused by name", test_what_is_out_of_range_is_refused_by_name);
    return g_test_run();
}
