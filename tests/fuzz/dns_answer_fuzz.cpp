// SPDX-License-Identifier: Apache-2.0
// The first byte says what was asked for, the rest is a name server's message.
#include "agent/names/records.hpp"
#include "tests/fuzz/invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall;
    if (size == 0) return 0;
    constexpr names::Kind kinds[] = {names::Kind::a, names::Kind::aaaa, names::Kind::srv};
    const names::Kind kind = kinds[data[0] % 3];
    const auto records = names::read_records({data + 1, size - 1}, kind);
    if (!records) return 0;
    // A record is 11 bytes at least, beside what it says.
    MUST_HOLD(records->addresses.size() + records->targets.size() <= size / 11);
    MUST_HOLD(records->addresses.empty() || kind != names::Kind::srv);
    MUST_HOLD(records->targets.empty() || kind == names::Kind::srv);
    MUST_HOLD(records->ttl >= std::chrono::seconds(0) && records->ttl <= std::chrono::hours(24));
    for (const IpAddress& address : records->addresses) MUST_HOLD(kind == names::Kind::aaaa || address.is_v4());
    for (const std::string& target : records->targets) MUST_HOLD(!target.empty() && target != ".");
    return 0;
}
