/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Downloads that go on where an earlier one ended (RFC 9110, 14). */
#pragma once

#include "response.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether the response to a request for everything from byte `from` on may be written behind what
 * is there. *complete is set if there is nothing more, so that the content must not be written.
 * False and error if it is something else. */
bool ql_resume_check(const ql_response *response, uint64_t from, bool *complete, GError **error);
