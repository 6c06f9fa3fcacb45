// SPDX-License-Identifier: Apache-2.0
// What one message costs the agent before anybody decides anything: nanoseconds a message, views only.
#include <benchmark/benchmark.h>

#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"
#include "tests/bench/messages.hpp"

namespace ringwall::bench {
namespace {

static_assert(invite.size() == 776 && registration.size() == 654, "the sizes that the peers were measured with");

sip::Message message;
sdp::Session session;

void parse_headers(benchmark::State& state, std::string_view bytes) {
    for (auto _ : state) {
        if (!sip::parse(bytes, message)) return state.SkipWithError("refused");
        benchmark::DoNotOptimize(message.call_id);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

void parse_headers_and_sdp(benchmark::State& state, std::string_view bytes) {
    for (auto _ : state) {
        if (!sip::parse(bytes, message)) return state.SkipWithError("refused");
        const auto body = sip::find_sdp(message);
        if (!body || !*body || !sdp::parse(**body, session)) return state.SkipWithError("no description");
        benchmark::DoNotOptimize(session.media_count);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

BENCHMARK_CAPTURE(parse_headers, invite_776, invite);
BENCHMARK_CAPTURE(parse_headers_and_sdp, invite_776, invite);
BENCHMARK_CAPTURE(parse_headers, register_654, registration);

} // namespace
} // namespace ringwall::bench

BENCHMARK_MAIN();
