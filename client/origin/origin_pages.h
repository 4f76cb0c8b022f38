/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts that the embedded origin serves when it was given no folder. */
#pragma once

typedef struct ql_origin_page {
    const char *path;
    const char *type;
    const char *text;
} ql_origin_page;

/* NULL if there is no page of that path. */
const ql_origin_page *ql_origin_page_find(const char *path);
