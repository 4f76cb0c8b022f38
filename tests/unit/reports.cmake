# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of what the reports are made of: test_<module>.c each, in this list.
foreach(module object_names transcript)
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_reports)
    add_test(NAME unit/${module} COMMAND test_${module} --tap)
    set_tests_properties(unit/${module} PROPERTIES LABELS "unit;plugin" TIMEOUT 60)
endforeach()
