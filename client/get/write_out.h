/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The format of -w, as curl's: text in which %{name} stands for a value of the request, %{json} for
 * all of them, %{header_json} for the response's header section, %header{name} for a field of it,
 * %% for a percent sign, \n \r \t for what they stand for. Behind %{stderr} all goes to standard
 * error, behind %{stdout} to standard output; what follows %{onerror} is shown if the request
 * failed. */
#pragma once

#include "outcome.h"

#include <glib.h>

/* The two texts; both are appended to. Values from the network are escaped (text.h) where terminal
 * says so, or they go to standard error. */
void ql_write_out(const char *format, const ql_outcome *outcome, const ql_fields *header,
                  bool terminal, GString *out, GString *err);

/* One line of JSON, with all values of the requests and what they have in common; to be freed by
 * g_free. outcomes: ql_outcome *. */
char *ql_write_out_summary(const GPtrArray *outcomes, double seconds);
