# SPDX-License-Identifier: GPL-2.0-or-later
# One interface target that every target of ours links: language level, warnings, sanitizers.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # POSIX and Linux interfaces
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

add_library(ql_options INTERFACE)
target_compile_definitions(ql_options INTERFACE _GNU_SOURCE QUICLENS_VERSION="${PROJECT_VERSION}")
target_compile_options(ql_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wvla
                       -Wstrict-prototypes -Wmissing-prototypes)
if(QUICLENS_WERROR)
    target_compile_options(ql_options INTERFACE -Werror)
endif()
if(QUICLENS_SANITIZE)
    add_compile_options(-fsanitize=${QUICLENS_SANITIZE} -fno-omit-frame-pointer
                        -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=${QUICLENS_SANITIZE})
endif()
if(QUICLENS_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
