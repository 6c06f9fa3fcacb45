// SPDX-License-Identifier: Apache-2.0
// libosip2's parsers over the same bytes.
#include <benchmark/benchmark.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

#include "tests/bench/messages.hpp"

namespace ringwall::bench {
namespace {

bool describes(const osip_message_t* message) {
    osip_body_t* body = nullptr;
    sdp_message_t* session = nullptr;
    osip_message_get_body(message, 0, &body);
    sdp_message_init(&session);
    const bool is_read = sdp_message_parse(session, body->body) == OSIP_SUCCESS;
    sdp_message_free(session);
    return is_read;
}

void osip_headers(benchmark::State& state, std::string_view bytes) {
    parser_init();
    for (auto _ : state) {
        osip_message_t* message = nullptr;
        osip_message_init(&message);
        if (osip_message_parse(message, bytes.data(), bytes.size()) != OSIP_SUCCESS)
            return state.SkipWithError("refused");
        osip_message_free(message);
    }
}

void osip_headers_and_sdp(benchmark::State& state, std::string_view bytes) {
    parser_init();
    for (auto _ : state) {
        osip_message_t* message = nullptr;
        osip_message_init(&message);
        if (osip_message_parse(message, bytes.data(), bytes.size()) != OSIP_SUCCESS || !describes(message))
            return state.SkipWithError("refused");
        osip_message_free(message);
    }
}

BENCHMARK_CAPTURE(osip_headers, invite_776, invite);
BENCHMARK_CAPTURE(osip_headers_and_sdp, invite_776, invite);
BENCHMARK_CAPTURE(osip_headers, register_654, registration);

} // namespace
} // namespace ringwall::bench
