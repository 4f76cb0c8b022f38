# SPDX-License-Identifier: GPL-2.0-or-later
# The self-capture, the embedded origin, the demo, the commands that ask tshark.
foreach(module pcapng self_capture origin_body origin_certificate origin_cids origin_content
        origin_response origin_alpn origin_capture origin_coding origin_drill
        origin_exchange origin_ids origin_insertion origin_lab origin_misbehaviour origin_padding
        origin_path_log origin_secret origin_sockets origin_stateless origin_tls origin_tokens
        origin_transport origin_websocket serve_options facts narration timeline page tshark
        demo_record demo_check demo_files)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_client PkgConfig::GLIB PkgConfig::PCAP)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()

# With a client of ngtcp2's own.
add_library(ql_origin_peer STATIC origin_peer.c origin_notes.c)
target_link_libraries(ql_origin_peer PUBLIC ql_options ql_client PkgConfig::GLIB)
foreach(module origin_callbacks origin_connection origin_faulty origin_hq origin_http)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_origin_peer)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
