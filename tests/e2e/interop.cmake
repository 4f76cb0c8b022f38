# SPDX-License-Identifier: GPL-2.0-or-later
# The quick cases of interop/run.py with the servers of this machine. The whole matrix takes root, a
# root of Debian 14 and many minutes: see the help of run.py.
add_test(NAME e2e/interop COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/interop/run.py
                                  --quiclens $<TARGET_FILE:quiclens_program> --cases quick)
set_tests_properties(e2e/interop PROPERTIES LABELS "e2e;interop" TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME e2e/interop_judge
         COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/interop/test_judge.py)
set_tests_properties(e2e/interop_judge PROPERTIES LABELS "e2e;interop")
