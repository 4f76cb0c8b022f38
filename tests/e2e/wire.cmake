# SPDX-License-Identifier: GPL-2.0-or-later
# What quiclens get records of a session, and what it does to packets.
foreach(name get_capture get_dumpcap get_faults get_impaired get_live get_qlog)
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py
                                      --quiclens $<TARGET_FILE:quiclens_program>)
    set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT 400 SKIP_RETURN_CODE 77)
endforeach()
