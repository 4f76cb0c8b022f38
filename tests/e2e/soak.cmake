# SPDX-License-Identifier: GPL-2.0-or-later
# The soaks in half a minute, or as QUICLENS_SOAK_SECONDS says when it is configured.
# Not with a sanitizer, whose own memory grows for as long as anything runs.
if(QUICLENS_SANITIZE)
    return()
endif()
set(QUICLENS_SOAK_SECONDS 30 CACHE STRING "For how long tests/e2e/soak.py runs")
add_test(NAME e2e/soak COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/soak.py
                               --quiclens $<TARGET_FILE:quiclens_program>
                               --seconds ${QUICLENS_SOAK_SECONDS})
math(EXPR soak_limit "${QUICLENS_SOAK_SECONDS} * 4 + 300")
set_tests_properties(e2e/soak PROPERTIES LABELS "e2e;soak" TIMEOUT ${soak_limit} RUN_SERIAL TRUE)
