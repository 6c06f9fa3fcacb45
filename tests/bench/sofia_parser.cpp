// SPDX-License-Identifier: Apache-2.0
// sofia-sip's parsers over the same bytes. Its headers and osip's declare the same names, hence a file each.
#include <benchmark/benchmark.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>

#include "tests/bench/messages.hpp"

namespace ringwall::bench {
namespace {

bool describes(const sip_t& sip) {
    sdp_parser_t* parser =
        sdp_parse(nullptr, sip.sip_payload->pl_data, static_cast<issize_t>(sip.sip_payload->pl_len), 0);
    const bool is_read = sdp_session(parser) != nullptr;
    sdp_parser_free(parser);
    return is_read;
}

void sofia_headers(benchmark::State& state, std::string_view bytes) {
    for (auto _ : state) {
        msg_t* message = msg_make(sip_default_mclass(), 0, bytes.data(), static_cast<ssize_t>(bytes.size()));
        benchmark::DoNotOptimize(sip_object(message)->sip_call_id);
        if (msg_has_error(message) != 0) return state.SkipWithError("refused");
        msg_destroy(message);
    }
}

void sofia_headers_and_sdp(benchmark::State& state, std::string_view bytes) {
    for (auto _ : state) {
        msg_t* message = msg_make(sip_default_mclass(), 0, bytes.data(), static_cast<ssize_t>(bytes.size()));
        if (msg_has_error(message) != 0 || !describes(*sip_object(message))) return state.SkipWithError("refused");
        msg_destroy(message);
    }
}

BENCHMARK_CAPTURE(sofia_headers, invite_776, invite);
BENCHMARK_CAPTURE(sofia_headers_and_sdp, invite_776, invite);
BENCHMARK_CAPTURE(sofia_headers, register_654, registration);

} // namespace
} // namespace ringwall::bench
