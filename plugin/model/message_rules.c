/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/message_rules.h"

#include <string.h>

enum pseudo { METHOD, SCHEME, AUTHORITY, PATH, PROTOCOL, STATUS, PSEUDO_COUNT };

static const char *const pseudo_names[PSEUDO_COUNT] = {
    [METHOD] = ":method", [SCHEME] = ":scheme",     [AUTHORITY] = ":authority",
    [PATH] = ":path",     [PROTOCOL] = ":protocol", [STATUS] = ":status",
};

static bool is_request(const ql_section *section)
{
    return section->kind == QL_SECTION_REQUEST || section->kind == QL_SECTION_PROMISE;
}

static bool is_response(const ql_section *section)
{
    return section->kind == QL_SECTION_RESPONSE || section->kind == QL_SECTION_INFORMATIONAL;
}

static int pseudo_of(const char *name)
{
    for (int i = 0; i < PSEUDO_COUNT; i++)
        if (strcmp(name, pseudo_names[i]) == 0)
            return i;
    return -1;
}

/* RFC 9110, 5.6.2, without upper case (RFC 9114, 4.2). */
static bool is_name(const ql_field *field)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < field->name_length; i++) {
        char c = field->name[i];
        if (!g_ascii_islower(c) && !g_ascii_isdigit(c) && (c == '\0' || strchr(marks, c) == NULL))
            return false;
    }
    return field->name_length > 0;
}

/* RFC 9110, 5.5: field-content. */
static bool is_value(const ql_field *field)
{
    for (size_t i = 0; i < field->value_length; i++)
        if (g_ascii_iscntrl(field->value[i]) && field->value[i] != '\t')
            return false;
    if (field->value_length == 0)
        return true;
    char first = field->value[0], last = field->value[field->value_length - 1];
    return first != ' ' && first != '\t' && last != ' ' && last != '\t';
}

static char *regular_fault(const ql_field *field)
{
    static const char *const connection_specific[] = { "connection", "keep-alive",
                                                       "proxy-connection", "transfer-encoding",
                                                       "upgrade" };
    char *fault = NULL;
    if (!is_name(field)) {
        char *name = g_strescape(field->name, NULL);
        fault = g_strdup_printf("the field name \"%s\" is not allowed (RFC 9114, 4.2)", name);
        g_free(name);
        return fault;
    }
    if (!is_value(field))
        return g_strdup_printf("the value of %s holds characters that are not allowed "
                               "(RFC 9114, 10.3)",
                               field->name);
    for (size_t i = 0; i < G_N_ELEMENTS(connection_specific); i++)
        if (strcmp(field->name, connection_specific[i]) == 0)
            return g_strdup_printf("%s is specific to a connection (RFC 9114, 4.2)", field->name);
    if (strcmp(field->name, "te") == 0 && g_ascii_strcasecmp(field->value, "trailers") != 0)
        return g_strdup("te is not \"trailers\" (RFC 9114, 4.2)");
    return NULL;
}

static char *pseudo_fault(const ql_section *section, const ql_field *field, bool after_regular,
                          unsigned *seen)
{
    int pseudo = pseudo_of(field->name);
    if (pseudo < 0) {
        char *name = g_strescape(field->name, NULL);
        char *fault = g_strdup_printf("unknown pseudo-header field %s (RFC 9114, 4.3)", name);
        g_free(name);
        return fault;
    }
    bool allowed = pseudo == STATUS ? is_response(section) : is_request(section);
    if (!allowed)
        return g_strdup_printf("%s does not belong here (RFC 9114, 4.3)", field->name);
    if (after_regular)
        return g_strdup_printf("%s stands behind other fields (RFC 9114, 4.3)", field->name);
    if (*seen & 1u << pseudo)
        return g_strdup_printf("%s stands there twice (RFC 9114, 4.3)", field->name);
    *seen |= 1u << pseudo;
    return is_value(field) ? NULL
                           : g_strdup_printf("the value of %s holds characters that are not "
                                             "allowed (RFC 9114, 10.3)",
                                             field->name);
}

static char *missing(const char *name)
{
    return g_strdup_printf("%s is missing (RFC 9114, 4.3.1)", name);
}

static char *connect_fault(unsigned seen)
{
    if (seen & (1u << SCHEME | 1u << PATH))
        return g_strdup("CONNECT with :scheme or :path (RFC 9114, 4.4)");
    return seen & 1u << AUTHORITY ? NULL : missing(":authority");
}

/* Where and what a request of http or https asks for (RFC 9114, 4.3.1). */
static char *target_fault(const ql_section *section, const char *method)
{
    const char *path = ql_section_value(section, ":path");
    if (*path == '\0')
        return g_strdup(":path is empty (RFC 9114, 4.3.1)");
    bool asterisk = strcmp(path, "*") == 0 && strcmp(method, "OPTIONS") == 0;
    if (*path != '/' && !asterisk)
        return g_strdup(":path does not begin with \"/\" (RFC 9114, 4.3.1)");
    const char *authority = ql_section_value(section, ":authority");
    const char *host = ql_section_value(section, "host");
    if (authority == NULL && host == NULL)
        return g_strdup("neither :authority nor host (RFC 9114, 4.3.1)");
    if ((authority != NULL && *authority == '\0') || (host != NULL && *host == '\0'))
        return g_strdup(":authority or host is empty (RFC 9114, 4.3.1)");
    if (authority != NULL && strchr(authority, '@') != NULL)
        return g_strdup(":authority holds userinfo (RFC 9114, 4.3.1)");
    if (authority != NULL && host != NULL && g_ascii_strcasecmp(authority, host) != 0)
        return g_strdup(":authority and host differ (RFC 9114, 4.3.1)");
    return NULL;
}

static char *request_fault(const ql_section *section, unsigned seen)
{
    const char *method = ql_section_value(section, ":method");
    if (method == NULL || *method == '\0')
        return missing(":method");
    bool connect = strcmp(method, "CONNECT") == 0;
    if (connect && (seen & 1u << PROTOCOL) == 0)
        return connect_fault(seen);
    if (!connect && seen & 1u << PROTOCOL)
        return g_strdup(":protocol with a method that is not CONNECT (RFC 8441, 4)");
    if ((seen & 1u << SCHEME) == 0)
        return missing(":scheme");
    if ((seen & 1u << PATH) == 0)
        return missing(":path");
    const char *scheme = ql_section_value(section, ":scheme");
    bool http = g_ascii_strcasecmp(scheme, "https") == 0 || g_ascii_strcasecmp(scheme, "http") == 0;
    return http ? target_fault(section, method) : NULL;
}

static char *length_fault(const ql_section *section)
{
    const char *text = ql_section_value(section, "content-length");
    uint64_t length;
    if (text == NULL || ql_section_content_length(section, &length))
        return NULL;
    char *start = g_strndup(text, 40);
    char *escaped = g_strescape(start, NULL);
    g_free(start);
    char *fault =
        g_strdup_printf("content-length \"%s\" is no single number (RFC 9110, 8.6)", escaped);
    g_free(escaped);
    return fault;
}

char *ql_section_fault(const ql_section *section)
{
    unsigned seen = 0;
    bool regular = false;
    for (uint32_t i = 0; i < section->fields->count; i++) {
        const ql_field *field = &section->fields->line[i];
        bool pseudo = field->name[0] == ':';
        char *fault = pseudo ? pseudo_fault(section, field, regular, &seen) : regular_fault(field);
        if (fault != NULL)
            return fault;
        regular = regular || !pseudo;
    }
    if (is_request(section)) {
        char *fault = request_fault(section, seen);
        return fault != NULL ? fault : length_fault(section);
    }
    if (is_response(section)) {
        if ((seen & 1u << STATUS) == 0)
            return g_strdup(":status is missing (RFC 9114, 4.3.2)");
        if (ql_section_status(section) == 0)
            return g_strdup(":status is no number of three digits (RFC 9114, 4.3.2)");
        if (ql_section_status(section) == 101)
            return g_strdup("101 (Switching Protocols) is not used (RFC 9114, 4.5)");
        return length_fault(section);
    }
    return NULL;
}

uint16_t ql_section_status(const ql_section *section)
{
    const char *text = ql_section_value(section, ":status");
    if (text == NULL || strlen(text) != 3)
        return 0;
    unsigned status = 0;
    for (; *text != '\0'; text++) {
        if (!g_ascii_isdigit(*text))
            return 0;
        status = status * 10 + (unsigned)g_ascii_digit_value(*text);
    }
    return status < 100 ? 0 : (uint16_t)status;
}

bool ql_section_content_length(const ql_section *section, uint64_t *length)
{
    bool found = false;
    for (uint32_t i = 0; i < section->fields->count; i++) {
        const ql_field *field = &section->fields->line[i];
        if (strcmp(field->name, "content-length") != 0)
            continue;
        guint64 value;
        if (!g_ascii_string_to_unsigned(field->value, 10, 0, G_MAXINT64, &value, NULL) ||
            (found && value != *length))
            return false;
        *length = value;
        found = true;
    }
    return found;
}
