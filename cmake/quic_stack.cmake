# SPDX-License-Identifier: GPL-2.0-or-later
# ql_quic_stack: what the client speaks QUIC, TLS and HTTP/3 with. Taken from QUICLENS_DEPS_PREFIX;
# where that is empty, from the system if all of it is there; else from the newest prefix that
# quickstart has built.
find_package(Threads REQUIRED)
set(quic_modules
    libngtcp2_crypto_ossl>=1.22 libngtcp2>=1.22 libnghttp3>=1.15 libssl>=3.5 libcrypto>=3.5)

# Sets `out` to the newest finished prefix in the user's cache folder, or to nothing.
function(newest_prefix out)
    set(cache "$ENV{XDG_CACHE_HOME}")
    if(NOT cache)
        set(cache "$ENV{HOME}/.cache")
    endif()
    file(GLOB found LIST_DIRECTORIES true "${cache}/quiclens/deps-*")
    set(newest "")
    foreach(prefix IN LISTS found)
        if(NOT newest OR "${prefix}/versions" IS_NEWER_THAN "${newest}/versions")
            set(newest "${prefix}")
        endif()
    endforeach()
    set(${out} "${newest}" PARENT_SCOPE)
endfunction()

set(quic_prefix "${QUICLENS_DEPS_PREFIX}")
if(NOT quic_prefix)
    pkg_check_modules(SYSTEM_QUIC QUIET ${quic_modules})
    if(NOT SYSTEM_QUIC_FOUND)
        newest_prefix(quic_prefix)
        if(NOT quic_prefix)
            message(FATAL_ERROR "The client needs ngtcp2 >= 1.22 with libngtcp2_crypto_ossl, "
                    "nghttp3 >= 1.15 and OpenSSL >= 3.5. \"./quickstart build\" makes them in the "
                    "cache folder; -DQUICLENS_CLIENT=OFF does without the client.")
        endif()
    endif()
endif()

# pkg-config's answers are kept in the CMake cache; their names carry the prefix, so that another
# prefix is asked anew.
string(SHA256 quic_id "${quic_prefix}")
string(SUBSTRING "${quic_id}" 0 8 quic_id)
set(saved_path "$ENV{PKG_CONFIG_PATH}")
if(quic_prefix)
    message(STATUS "QUIC stack of the client: ${quic_prefix}")
    set(ENV{PKG_CONFIG_PATH} "${quic_prefix}/lib/pkgconfig:${saved_path}")
endif()

# The order is that of the linker: what uses before what is used. Each library goes in by its whole
# path, so that a library of the same name elsewhere cannot take its place.
add_library(ql_quic_stack INTERFACE)
foreach(module IN LISTS quic_modules)
    string(REGEX REPLACE ">=.*" "" name "${module}")
    string(MAKE_C_IDENTIFIER "QUIC_${quic_id}_${name}" found)
    pkg_check_modules(${found} REQUIRED "${module}")
    target_include_directories(ql_quic_stack SYSTEM INTERFACE ${${found}_INCLUDE_DIRS})
    target_link_libraries(ql_quic_stack INTERFACE ${${found}_LINK_LIBRARIES})
endforeach()
target_link_libraries(ql_quic_stack INTERFACE ${CMAKE_DL_LIBS} Threads::Threads)
set(ENV{PKG_CONFIG_PATH} "${saved_path}")
