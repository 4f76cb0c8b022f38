# SPDX-License-Identifier: GPL-2.0-or-later
# quiclens serve and quiclens demo, as people run them.
foreach(name serve_get serve_quic serve_lab serve_wire serve_drill serve_pages serve_others)
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py
                                      --quiclens $<TARGET_FILE:quiclens_program>)
    set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT 240 SKIP_RETURN_CODE 77)
endforeach()

# What is sent wrong, and what the plugin finds of it where there is one.
set(with_plugin --quiclens $<TARGET_FILE:quiclens_program>)
if(QUICLENS_PLUGIN)
    list(APPEND with_plugin --plugin $<TARGET_FILE:quiclens>)
    if(QUICLENS_SANITIZE MATCHES address AND CMAKE_C_COMPILER_ID STREQUAL GNU)
        # tshark is not built with it, so that the library has to be there before the plugin is.
        execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
                        OUTPUT_VARIABLE asan OUTPUT_STRIP_TRAILING_WHITESPACE)
        list(APPEND with_plugin --preload ${asan})
    endif()
endif()
add_test(NAME e2e/serve_faults COMMAND ${Python3_EXECUTABLE} -B
                                       ${CMAKE_CURRENT_SOURCE_DIR}/serve_faults.py ${with_plugin})
set_tests_properties(e2e/serve_faults PROPERTIES LABELS e2e TIMEOUT 240 SKIP_RETURN_CODE 77)

if(QUICLENS_PLUGIN)
    add_test(NAME e2e/demo COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/demo.py
                                   ${with_plugin})
    # It measures time.
    set_tests_properties(e2e/demo PROPERTIES LABELS e2e TIMEOUT 240 RUN_SERIAL TRUE)
endif()

add_test(NAME e2e/tap COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/test_tap.py)
set_tests_properties(e2e/tap PROPERTIES LABELS e2e)
