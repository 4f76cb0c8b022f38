/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field sections of one side. The input is a row of steps: a byte that says what, a byte of
 * length, that many bytes. */
#include "fuzz.h"
#include "model/qpack.h"
#include "model/reader.h"

typedef struct run {
    ql_qpack *qpack;
    uint8_t tokens[256]; /* one a section: 1 while it waits */
    unsigned next;
} run;

static void check(const ql_qpack_result *result)
{
    bool some = result->status == QL_QPACK_DECODED || result->status == QL_QPACK_PARTIAL;
    g_assert(some == (result->fields != NULL));
    g_assert(result->status == QL_QPACK_DECODED || result->why != NULL);
    if (result->fields == NULL)
        return;
    for (uint32_t i = 0; i < result->fields->count; i++) {
        const ql_field *field = &result->fields->line[i];
        g_assert(field->name[field->name_length] == '\0');
        g_assert(field->value[field->value_length] == '\0');
    }
    g_free(result->fields);
}

static void on_ready(void *user, void *section, const ql_qpack_result *result)
{
    (void)user;
    uint8_t *token = section;
    g_assert(*token == 1 && result->status != QL_QPACK_WAITS);
    if (result->status != QL_QPACK_PARTIAL)
        *token = 0;
    check(result);
}

static void decode(run *r, ql_slice bytes)
{
    if (r->next >= G_N_ELEMENTS(r->tokens))
        return;
    uint8_t *token = &r->tokens[r->next++];
    ql_qpack_result result = ql_qpack_decode(r->qpack, bytes, token);
    if (result.status == QL_QPACK_WAITS)
        *token = 1;
    else
        check(&result);
}

static void step(run *r, uint8_t what, ql_slice bytes)
{
    uint64_t inserts = ql_qpack_insert_count(r->qpack);
    switch (what % 6) {
    case 0: decode(r, bytes); break;
    case 1: ql_qpack_on_encoder_stream(r->qpack, bytes); break;
    case 2: ql_qpack_set_limit(r->qpack, bytes.length * 16); break;
    case 3: ql_qpack_set_unread(r->qpack, bytes.length); break;
    case 4: ql_qpack_show_waiting(r->qpack); break;
    case 5: g_free(ql_qpack_decode_static(bytes)); break;
    }
    g_assert(ql_qpack_insert_count(r->qpack) >= inserts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run r = { 0 };
    ql_reader reader = ql_reader_of((ql_slice){ data, size });
    r.qpack = ql_qpack_new(on_ready, &r);
    while (ql_reader_left(&reader) > 0) {
        uint8_t what = ql_read_u8(&reader);
        ql_slice bytes = ql_read_slice8(&reader);
        step(&r, what, bytes);
    }
    ql_qpack_free(r.qpack);
    return 0;
}
