/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "application.h"

#include "http09.h"
#include "http3.h"

#include <nghttp3/nghttp3.h>
#include <string.h>

/* One of the two. */
struct ql_application {
    ql_http3 *http3;
    ql_http09 *http09;
};

static bool is_http3(const char *alpn)
{
    return strcmp(alpn, "h3") == 0;
}

bool ql_application_is_known(const char *alpn)
{
    return is_http3(alpn) || strcmp(alpn, QL_HTTP09_ALPN) == 0;
}

ql_application *ql_application_new(const char *alpn, ngtcp2_conn *quic,
                                   const ql_http_settings *settings, ngtcp2_ccerr *why)
{
    ql_application *application = g_new0(ql_application, 1);
    if (is_http3(alpn))
        application->http3 = ql_http3_new(quic, settings, why);
    else
        application->http09 = ql_http09_new(quic, settings);
    if (application->http3 != NULL || application->http09 != NULL)
        return application;
    ql_application_free(application);
    return NULL;
}

void ql_application_free(ql_application *application)
{
    if (application == NULL)
        return;
    ql_http3_free(application->http3);
    ql_http09_free(application->http09);
    g_free(application);
}

void ql_application_set_qlog(ql_application *application, ql_qlog *qlog)
{
    if (application->http3 != NULL)
        ql_http3_set_qlog(application->http3, qlog);
}

uint64_t ql_application_no_error(const ql_application *application)
{
    return application != NULL && application->http09 != NULL ? 0 : NGHTTP3_H3_NO_ERROR;
}

size_t ql_application_active(const ql_application *application)
{
    if (application == NULL)
        return 0;
    return application->http3 != NULL ? ql_http3_active(application->http3)
                                      : ql_http09_active(application->http09);
}

uint64_t ql_application_content_bytes(const ql_application *application)
{
    if (application == NULL)
        return 0;
    return application->http3 != NULL ? ql_http3_content_bytes(application->http3)
                                      : ql_http09_content_bytes(application->http09);
}

bool ql_application_is_going_away(const ql_application *application)
{
    return application != NULL && application->http3 != NULL &&
           ql_http3_is_going_away(application->http3);
}

char *ql_application_reprioritize(ql_application *application)
{
    return application == NULL || application->http3 == NULL
               ? NULL
               : ql_http3_reprioritize(application->http3);
}

unsigned ql_application_priorities_left(const ql_application *application)
{
    return application == NULL || application->http3 == NULL
               ? 0
               : ql_http3_priorities_left(application->http3);
}

int ql_application_tick(ql_application *application)
{
    return application->http3 != NULL ? ql_http3_tick(application->http3)
                                      : ql_http09_tick(application->http09);
}

void ql_application_add_pollfds(const ql_application *application, GArray *pollfds)
{
    if (application->http3 != NULL)
        ql_http3_add_pollfds(application->http3, pollfds);
    else
        ql_http09_add_pollfds(application->http09, pollfds);
}

void ql_application_fail_active(ql_application *application, const char *sentence)
{
    if (application->http3 != NULL)
        ql_http3_fail_active(application->http3, sentence);
    else
        ql_http09_fail_active(application->http09, sentence);
}

void ql_application_withdraw(ql_application *application)
{
    if (application == NULL)
        return;
    if (application->http3 != NULL)
        ql_http3_withdraw(application->http3);
    else
        ql_http09_withdraw(application->http09);
}

ngtcp2_ssize ql_application_write_packet(ql_application *application, ngtcp2_conn *quic,
                                         ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *data,
                                         size_t length, ngtcp2_tstamp now, ngtcp2_ccerr *why)
{
    if (application != NULL && application->http09 != NULL)
        return ql_http09_write_packet(application->http09, path, info, data, length, now);
    return ql_http3_write_packet(application == NULL ? NULL : application->http3, quic, path, info,
                                 data, length, now, why);
}

int ql_application_on_stream_data(ql_application *application, int64_t stream, const uint8_t *data,
                                  size_t length, bool last, ngtcp2_tstamp now, ngtcp2_ccerr *why)
{
    if (application->http3 != NULL)
        return ql_http3_on_stream_data(application->http3, stream, data, length, last, now, why);
    ql_http09_on_stream_data(application->http09, stream, data, length, last);
    return 0;
}

int ql_application_on_acknowledged(ql_application *application, int64_t stream, uint64_t length,
                                   ngtcp2_ccerr *why)
{
    if (application->http3 != NULL)
        return ql_http3_on_acknowledged(application->http3, stream, length, why);
    return 0;
}

int ql_application_on_stream_close(ql_application *application, int64_t stream,
                                   const uint64_t *code, ngtcp2_ccerr *why)
{
    if (application->http3 != NULL)
        return ql_http3_on_stream_close(application->http3, stream,
                                        code == NULL ? NGHTTP3_H3_NO_ERROR : *code, why);
    ql_http09_on_stream_close(application->http09, stream);
    return 0;
}

int ql_application_on_reset(ql_application *application, int64_t stream, uint64_t code,
                            ngtcp2_ccerr *why)
{
    if (application->http3 != NULL)
        return ql_http3_on_reset(application->http3, stream, code, why);
    ql_http09_on_reset(application->http09, stream, code);
    return 0;
}

int ql_application_on_reading_over(ql_application *application, int64_t stream, ngtcp2_ccerr *why)
{
    return application->http3 != NULL ? ql_http3_on_reading_over(application->http3, stream, why)
                                      : 0;
}

void ql_application_on_more_stream_data(ql_application *application, int64_t stream)
{
    if (application->http3 != NULL)
        ql_http3_on_more_stream_data(application->http3, stream);
    else
        ql_http09_on_more_stream_data(application->http09, stream);
}

void ql_application_on_datagram(ql_application *application, const uint8_t *data, size_t length)
{
    if (application != NULL && application->http3 != NULL)
        ql_http3_on_datagram(application->http3, data, length);
}
