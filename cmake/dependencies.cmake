# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that is found, in one place. The plugin and the tests take the distribution's
# libraries; the client takes ngtcp2, nghttp3 and OpenSSL from the system if they are new enough,
# else from a private prefix.
find_package(PkgConfig REQUIRED)
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0>=2.74)

pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(QPACK REQUIRED IMPORTED_TARGET libnghttp3>=0.8)
pkg_check_modules(CONTENT_CODINGS REQUIRED IMPORTED_TARGET zlib libbrotlidec libzstd)

if(QUICLENS_PLUGIN)
    pkg_check_modules(WIRESHARK REQUIRED IMPORTED_TARGET wireshark>=4.0)
    pkg_get_variable(system_plugins wireshark plugindir)
    set(WIRESHARK_PLUGINDIR "${system_plugins}" CACHE PATH
        "The plugin is installed into epan/ below this folder: the system's, or a person's own")
endif()

if(BUILD_TESTING)
    pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
endif()
if(BUILD_TESTING OR QUICLENS_CLIENT)
    pkg_check_modules(JSON_GLIB REQUIRED IMPORTED_TARGET json-glib-1.0)
endif()

if(QUICLENS_CLIENT)
    pkg_check_modules(CONTENT_ENCODERS REQUIRED IMPORTED_TARGET zlib libbrotlienc libzstd)
    include(quic_stack)
endif()
