/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "certificate_text.h"

#include "text.h"

#include <openssl/x509v3.h>
#include <string.h>

char *ql_certificate_name(const X509_NAME *name)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *data = NULL;
    X509_NAME_print_ex(memory, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    long length = BIO_get_mem_data(memory, &data);
    g_autofree char *raw = length > 0 ? g_strndup(data, (gsize)length) : g_strdup("nobody");
    BIO_free(memory);
    return ql_text_escape(raw);
}

char *ql_certificate_time(const ASN1_TIME *time)
{
    struct tm parts = { 0 };
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return g_strdup("an unreadable date");
    return g_strdup_printf("%04d-%02d-%02d %02d:%02d:%02d GMT", parts.tm_year + 1900,
                           parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                           parts.tm_sec);
}

char *ql_certificate_hosts(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    GString *list = g_string_new(NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        BIO *memory = BIO_new(BIO_s_mem());
        char *data = NULL;
        if ((name->type == GEN_DNS || name->type == GEN_IPADD) &&
            GENERAL_NAME_print(memory, (GENERAL_NAME *)(uintptr_t)name) == 1) {
            long length = BIO_get_mem_data(memory, &data);
            const char *value = length > 0 ? memchr(data, ':', (size_t)length) : NULL;
            if (value != NULL) {
                g_string_append(list, list->len > 0 ? ", " : "");
                ql_text_append(list, value + 1, (size_t)(data + length - value - 1),
                               QL_TEXT_ONE_LINE);
            }
        }
        BIO_free(memory);
    }
    GENERAL_NAMES_free(names);
    if (list->len == 0) {
        g_autofree char *subject = ql_certificate_name(X509_get_subject_name(certificate));
        g_string_append(list, subject);
    }
    return g_string_free(list, FALSE);
}
