# SPDX-License-Identifier: GPL-2.0-or-later
# quiclens get with caddy and with gtlsserver (QUICLENS_GTLSSERVER names one that is not in the PATH).
foreach(name get_transfer get_failures get_quic)
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py
                                      --quiclens $<TARGET_FILE:quiclens_program>)
    set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT 240 SKIP_RETURN_CODE 77)
endforeach()

# What options do is read from captures with the plugin.
if(QUICLENS_PLUGIN)
    set(with_plugin --quiclens $<TARGET_FILE:quiclens_program> --plugin $<TARGET_FILE:quiclens>)
    if(QUICLENS_SANITIZE MATCHES address AND CMAKE_C_COMPILER_ID STREQUAL GNU)
        execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
                        OUTPUT_VARIABLE asan OUTPUT_STRIP_TRAILING_WHITESPACE)
        list(APPEND with_plugin --preload ${asan})
    endif()
    foreach(name get_http get_files get_websocket get_wire get_output_faults)
        add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py ${with_plugin})
        set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT 400 SKIP_RETURN_CODE 77)
    endforeach()
    # It starts tshark very often.
    set_tests_properties(e2e/get_wire PROPERTIES TIMEOUT 900)
endif()
