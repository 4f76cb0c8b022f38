/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every difference between the Wiresharks that this plugin is built for: 4.0, 4.2, 4.4, 4.6. Each
 * stands under the version that brought it. */
#ifndef QL_COMPAT_H
#define QL_COMPAT_H

/* WS_DLL_PUBLIC then means "exported", not "imported". */
#ifndef WS_BUILD_DLL
#define WS_BUILD_DLL
#endif

#include <wireshark.h>

#include <cfile.h>
#include <epan/conversation_filter.h>
#include <epan/follow.h>
#include <epan/packet.h>
#include <epan/proto.h>
#include <epan/stat_tap_ui.h>

#include <stdbool.h>
#include <stdlib.h>

#define QL_WIRESHARK (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR)

#if QL_WIRESHARK < 400
#error "quiclens needs Wireshark 4.0 or later"
#endif

/* tshark reads a capture once and ends; the GUI comes back to frames. */
static inline bool ql_host_is_tshark(void)
{
    return g_strcmp0(g_get_prgname(), "tshark") == 0;
}

/* 4.2: the value of a field is behind a pointer. */
static inline uint32_t ql_field_uint(field_info *field)
{
#if QL_WIRESHARK < 402
    return fvalue_get_uinteger(&field->value);
#else
    return fvalue_get_uinteger(field->value);
#endif
}

/* 4.2: bool instead of gboolean. */
#if QL_WIRESHARK < 402
typedef gboolean ql_pref_bool;
#else
typedef bool ql_pref_bool;
#endif

/* 4.4: plugins are asked what they are. */
#ifndef WS_PLUGIN_DESC_DISSECTOR
#define WS_PLUGIN_DESC_DISSECTOR (1u << 0)
#endif

/* 4.4: tshark takes streams of any follower; before that only a connection can be named. */
#define QL_FOLLOW_NAMES_STREAMS (QL_WIRESHARK >= 404)

/* 4.4: conversation filters are handed data of theirs. */
#if QL_WIRESHARK < 404
typedef gboolean ql_filter_valid;
#define QL_FILTER_ARGUMENTS packet_info *pinfo
#else
typedef bool ql_filter_valid;
#define QL_FILTER_ARGUMENTS packet_info *pinfo, void *unused G_GNUC_UNUSED
#endif

static inline void ql_register_conversation_filter(const char *protocol, const char *title,
                                                   is_filter_valid_func is_valid,
                                                   build_filter_string_func build)
{
#if QL_WIRESHARK < 404
    register_conversation_filter(protocol, title, is_valid, build);
#else
    register_conversation_filter(protocol, title, is_valid, build, NULL);
#endif
}

/* 4.4: bool instead of gboolean in flow graphs. */
#if QL_WIRESHARK < 404
typedef gboolean ql_flow_bool;
#else
typedef bool ql_flow_bool;
#endif

/* 4.4: the GUI asks how many streams can be followed, and for the nearest one. */
static inline void
ql_register_follow(int protocol, const char *tap, follow_conv_filter_func of_packet,
                   follow_index_filter_func of_index, follow_address_filter_func of_addresses,
                   follow_port_to_display_func port, tap_packet_cb packet, uint32_t (*count)(void),
                   bool (*nearest)(unsigned, unsigned, bool, unsigned *))
{
#if QL_WIRESHARK < 404
    (void)count, (void)nearest;
    register_follow_stream(protocol, tap, of_packet, of_index, of_addresses, port, packet);
#else
    register_follow_stream(protocol, tap, of_packet, of_index, of_addresses, port, packet, count,
                           nearest);
#endif
}

/* 4.6: a statistic can refuse to begin, and tshark then ends with an error. Before that it has to
 * end tshark by itself; Wireshark goes on without the statistic. */
#if QL_WIRESHARK < 406
typedef void ql_stat_begun;
#define QL_STAT_BEGUN(begun)                                                                       \
    do {                                                                                           \
        if (!(begun) && ql_host_is_tshark())                                                       \
            exit(EXIT_FAILURE);                                                                    \
        return;                                                                                    \
    } while (0)
#else
typedef bool ql_stat_begun;
#define QL_STAT_BEGUN(begun) return (begun)
#endif

/* The capture file that packets come from; NULL when there is none. struct epan_session is not
 * public, and begins with this pointer in all versions. */
static inline wtap *ql_capture_file_of(const packet_info *pinfo)
{
    struct session_head {
        struct packet_provider_data *provider;
    };
    const struct session_head *head = (const struct session_head *)(const void *)pinfo->epan;
    return head != NULL && head->provider != NULL ? head->provider->wth : NULL;
}

#endif
