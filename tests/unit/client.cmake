# SPDX-License-Identifier: GPL-2.0-or-later
# What quiclens get is made of.
foreach(module address application certificate_text clock connection_end connection_figures
        connection_start datagram_queue early_data ending_signals endpoint failure fields get get_options
        get_reporter get_request_options get_requests get_urls http09 http3_callbacks keylog
        measure options options_help outcome output packets path path_batch path_options
        path_sockets progress quic_error quic_options quic_settings request request_body
        request_course request_fields request_stream resolve resume resumption session_file
        target text tls tls_context tls_names tls_options tls_trace trace transfer trigger udp
        url)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_client PkgConfig::GLIB)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()

# With a server that does one thing wrong.
foreach(module callbacks faults)
    add_executable(test_${module} test_${module}.c faulty_server.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_client PkgConfig::GLIB)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
