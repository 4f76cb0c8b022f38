/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a well-formed field section is (RFC 9114, 4.2 and 4.3; RFC 9220, 3). */
#ifndef QL_MESSAGE_RULES_H
#define QL_MESSAGE_RULES_H

#include "model/exchange.h"

/* The first rule that the section breaks, as text without a full stop, which the caller frees; NULL
 * when it is well-formed. */
char *ql_section_fault(const ql_section *section);

/* The value of :status, 0 when there is none that is valid. */
uint16_t ql_section_status(const ql_section *section);

/* The value of content-length: false when there is none, or none that is valid. */
bool ql_section_content_length(const ql_section *section, uint64_t *length);

#endif
