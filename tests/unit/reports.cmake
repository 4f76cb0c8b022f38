# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the reports and what they are made of, and of the rooms beside Wireshark that do not know it:
# test_<module>.c each, in this list. The client has a text.c as well.
foreach(module brief frame_text log_file names object_names report reports_text story table transcript)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_reports)
    add_test(NAME unit/${module} COMMAND test_${module} --tap)
    set_tests_properties(unit/${module} PROPERTIES LABELS "unit;plugin" TIMEOUT 60)
endforeach()
target_sources(test_log_file PRIVATE ${PROJECT_SOURCE_DIR}/plugin/wireshark/log_file.c)
target_compile_definitions(test_report PRIVATE QL_CAPTURES="${PROJECT_SOURCE_DIR}/tests/captures")
target_link_libraries(test_report PRIVATE ql_capture_reader PkgConfig::JSON_GLIB)
target_link_libraries(test_frame_text PRIVATE ql_quic_builder)
