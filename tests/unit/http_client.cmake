# SPDX-License-Identifier: GPL-2.0-or-later
# What quiclens get is made of as an HTTP client.
foreach(module config_file follow_up frame_reader frame_trace glob local_end lookup response
        websocket websocket_frames write_out)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_client PkgConfig::GLIB PkgConfig::CONTENT_CODINGS)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
