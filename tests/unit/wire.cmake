# SPDX-License-Identifier: GPL-2.0-or-later
# What quiclens get records of a session.
foreach(module capture_options command_line dumpcap impair_options network packet_record
        pcapng_secrets private_file qlog qlog_http3 recorder remarks)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_client PkgConfig::GLIB)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
