# SPDX-License-Identifier: GPL-2.0-or-later
# What quiclens relay is made of.
foreach(module relay_flow relay_impairment relay_link relay_log relay_pipe relay_queue relay_scenario relay_value)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_client PkgConfig::GLIB PkgConfig::PCAP)
    add_test(NAME unit/${module} COMMAND test_${module})
    set_tests_properties(unit/${module} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
