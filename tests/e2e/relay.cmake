# SPDX-License-Identifier: GPL-2.0-or-later
# quiclens relay, as people run it. It measures time.
add_test(NAME e2e/relay COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/relay.py
                                --quiclens $<TARGET_FILE:quiclens_program>)
set_tests_properties(e2e/relay PROPERTIES LABELS e2e TIMEOUT 240 RUN_SERIAL TRUE)
