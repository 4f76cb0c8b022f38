# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the model's modules: test_<module>.c each, in this list.
set(model_modules
    adoption
    body
    capsules
    cid
    cid_ledger
    connection
    connection_frames
    connection_ids
    connection_paths
    connection_restart
    connection_rules
    content_coding
    datagram
    deliveries
    exchange
    finding
    frames
    handshake
    hash_key
    http3
    http3_agreement
    http3_control
    http3_error
    http3_frames
    http3_recognition
    http3_scope
    journal
    key_schedule
    keyring
    late_secrets
    lobby
    message
    message_rules
    opener
    opener_datagrams
    packet_header
    packet_numbers
    packet_protection
    path_table
    plaintexts
    push
    qpack
    qpack_decoder_stream
    qpack_lines
    reader
    reassembly
    reordered
    router
    secrets_log
    segments
    session
    strays
    stream
    stream_half
    tls_hello
    transport_error
    transport_parameters
    waiting
)

foreach(module ${model_modules})
    add_executable(test_${module} test_${module}.c)
    target_link_libraries(test_${module} PRIVATE ql_options ql_model ql_quic_builder PkgConfig::CRYPTO)
    add_test(NAME unit/${module} COMMAND test_${module} --tap)
    set_tests_properties(unit/${module} PROPERTIES LABELS "unit;plugin" TIMEOUT 120)
endforeach()
target_link_libraries(test_content_coding PRIVATE PkgConfig::CONTENT_CODINGS)
target_link_libraries(test_late_secrets PRIVATE ql_capture_reader)
target_link_libraries(test_reordered PRIVATE ql_capture_reader)
target_compile_definitions(test_late_secrets PRIVATE CAPTURES="${PROJECT_SOURCE_DIR}/tests/captures")
target_compile_definitions(test_reordered PRIVATE CAPTURES="${PROJECT_SOURCE_DIR}/tests/captures")
# All captures, each in many orders: a sanitizer takes its time.
set_tests_properties(unit/reordered PROPERTIES TIMEOUT 400)
