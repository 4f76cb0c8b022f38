# SPDX-License-Identifier: GPL-2.0-or-later
# quiclens get with caddy and with gtlsserver (QUICLENS_GTLSSERVER names one that is not in the PATH).
foreach(name get_transfer get_failures get_capture get_quic get_qlog)
    add_test(NAME e2e/${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py
                                      --quiclens $<TARGET_FILE:quiclens_program>)
    set_tests_properties(e2e/${name} PROPERTIES LABELS e2e TIMEOUT 240 SKIP_RETURN_CODE 77)
endforeach()
