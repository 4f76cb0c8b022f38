# SPDX-License-Identifier: GPL-2.0-or-later
# quiclens relay, as people run it.
foreach(name relay relay_wire)
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py
                                      --quiclens $<TARGET_FILE:quiclens_program>)
    set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT 240 SKIP_RETURN_CODE 77)
endforeach()
# It measures time.
set_tests_properties(e2e/relay PROPERTIES RUN_SERIAL TRUE)
