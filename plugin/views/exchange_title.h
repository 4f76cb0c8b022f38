/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An exchange in one line, as far as it is known now. */
#ifndef QL_EXCHANGE_TITLE_H
#define QL_EXCHANGE_TITLE_H

#include "model/exchange.h"

/* "GET https://localhost/a -> 200, 1,000 bytes in 1.23 ms"; safe to print. The caller frees it. */
char *ql_exchange_title(const ql_exchange *exchange);

#endif
