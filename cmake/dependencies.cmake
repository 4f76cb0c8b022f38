# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that is found, in one place. The plugin and the tests take the distribution's libraries; the
# client takes ngtcp2, nghttp3 and OpenSSL from QUICLENS_DEPS_PREFIX where that is set.
find_package(PkgConfig REQUIRED)
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0>=2.74)

pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(QPACK REQUIRED IMPORTED_TARGET libnghttp3>=0.8)

if(QUICLENS_PLUGIN)
    pkg_check_modules(WIRESHARK REQUIRED IMPORTED_TARGET wireshark>=4.0)
    pkg_get_variable(WIRESHARK_PLUGINDIR wireshark plugindir)
endif()

if(BUILD_TESTING)
    pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
    pkg_check_modules(JSON_GLIB REQUIRED IMPORTED_TARGET json-glib-1.0)
endif()

if(QUICLENS_CLIENT)
    # A private prefix holds static libraries, which name their own dependencies only under --static.
    set(saved_path "$ENV{PKG_CONFIG_PATH}")
    if(QUICLENS_DEPS_PREFIX)
        set(ENV{PKG_CONFIG_PATH} "${QUICLENS_DEPS_PREFIX}/lib/pkgconfig:${saved_path}")
        set(kind STATIC_)
    endif()
    foreach(module libngtcp2>=1.22 libngtcp2_crypto_ossl>=1.22 libnghttp3>=1.15 libssl>=3.5)
        string(REGEX REPLACE ">=.*" "" name "${module}")
        string(MAKE_C_IDENTIFIER "CLIENT_${name}" var)
        pkg_check_modules(${var} REQUIRED "${module}")
    endforeach()
    set(ENV{PKG_CONFIG_PATH} "${saved_path}")
    add_library(ql_quic_stack INTERFACE)
    foreach(var CLIENT_libngtcp2_crypto_ossl CLIENT_libngtcp2 CLIENT_libnghttp3 CLIENT_libssl)
        target_include_directories(ql_quic_stack SYSTEM INTERFACE ${${var}_INCLUDE_DIRS})
        target_link_directories(ql_quic_stack INTERFACE ${${var}_${kind}LIBRARY_DIRS})
        target_link_libraries(ql_quic_stack INTERFACE ${${var}_${kind}LIBRARIES})
    endforeach()
endif()
