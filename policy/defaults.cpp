// SPDX-License-Identifier: Apache-2.0
// Rates by SIP class, each for one source (an IPv4 address, an IPv6 /64). They are ceilings against floods, not shapes
// of traffic: what a healthy sender of its sort never reaches, at its worst minute.
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

using std::chrono::nanoseconds, std::chrono::seconds;

constexpr Rate per_second(uint32_t number, uint32_t burst) {
    return {nanoseconds(seconds(1)) / int64_t{number}, burst};
}
constexpr Rate per_minute(uint32_t number, uint32_t burst) {
    return {nanoseconds(seconds(60)) / int64_t{number}, burst};
}

using Row = std::pair<enum sip_class, Rate>;

template <size_t N>
constexpr Limits table(const std::array<Row, N>& rows) {
    static_assert(N == CLASS_COUNT, "every packet to a SIP port pays some bucket: name each class");
    Limits limits{};
    for (const auto& [number, rate] : rows) limits[number] = rate;
    return limits;
}

// A provider's proxy: hundreds of calls behind one address, in-call INFO for every digit, OPTIONS from a whole pool.
constexpr Limits trunk = table(std::array<Row, CLASS_COUNT>{{
    {CLASS_INVITE, per_second(100, 200)},   {CLASS_ACK, per_second(200, 400)},
    {CLASS_BYE, per_second(200, 400)},      {CLASS_CANCEL, per_second(100, 200)},
    {CLASS_REGISTER, per_second(20, 100)},  {CLASS_OPTIONS, per_second(20, 50)},
    {CLASS_SUBSCRIBE, per_second(50, 100)}, {CLASS_NOTIFY, per_second(100, 200)},
    {CLASS_PUBLISH, per_second(50, 100)},   {CLASS_INFO, per_second(500, 1000)},
    {CLASS_PRACK, per_second(200, 400)},    {CLASS_UPDATE, per_second(100, 200)},
    {CLASS_MESSAGE, per_second(100, 200)},  {CLASS_REFER, per_second(50, 100)},
    {CLASS_OTHER, per_second(50, 100)},     {CLASS_RESPONSE, per_second(1000, 2000)},
    {CLASS_KEEPALIVE, per_second(50, 200)}, {CLASS_UNREADABLE, per_second(10, 50)},
    {CLASS_SYN, per_second(50, 200)}, // some open a connection for each call
}});

// One telephone, or a few behind one home router. Copies, and the REGISTER that answers a challenge, pay nothing. Bursts
// are for a telephone that starts: six accounts register, and forty keys subscribe.
constexpr Limits phone = table(std::array<Row, CLASS_COUNT>{{
    {CLASS_INVITE, per_minute(20, 10)},    {CLASS_ACK, per_second(10, 20)},      {CLASS_BYE, per_second(2, 10)},
    {CLASS_CANCEL, per_second(2, 10)},     {CLASS_REGISTER, per_minute(6, 12)},  {CLASS_OPTIONS, per_minute(5, 10)},
    {CLASS_SUBSCRIBE, per_minute(5, 80)},  {CLASS_NOTIFY, per_second(2, 20)},    {CLASS_PUBLISH, per_minute(30, 10)},
    {CLASS_INFO, per_second(20, 40)},      {CLASS_PRACK, per_second(5, 20)},     {CLASS_UPDATE, per_second(5, 20)},
    {CLASS_MESSAGE, per_minute(60, 20)},   {CLASS_REFER, per_minute(30, 10)},    {CLASS_OTHER, per_minute(30, 10)},
    {CLASS_RESPONSE, per_second(50, 100)}, {CLASS_KEEPALIVE, per_second(5, 40)}, {CLASS_UNREADABLE, per_second(1, 10)},
    {CLASS_SYN, per_minute(30, 20)}, // a browser takes six for the page around its WebSocket
}});

// Where nothing was said about a source: it may be an undeclared trunk or an office of fifty telephones behind one
// address, all of which re-register after a power cut. Still three orders of magnitude under a flood.
constexpr Limits stranger = table(std::array<Row, CLASS_COUNT>{{
    {CLASS_INVITE, per_second(30, 120)},    {CLASS_ACK, per_second(60, 200)},
    {CLASS_BYE, per_second(60, 200)},       {CLASS_CANCEL, per_second(30, 120)},
    {CLASS_REGISTER, per_second(5, 100)},   {CLASS_OPTIONS, per_second(5, 40)},
    {CLASS_SUBSCRIBE, per_second(10, 100)}, {CLASS_NOTIFY, per_second(30, 100)},
    {CLASS_PUBLISH, per_second(10, 50)},    {CLASS_INFO, per_second(100, 200)},
    {CLASS_PRACK, per_second(60, 200)},     {CLASS_UPDATE, per_second(30, 120)},
    {CLASS_MESSAGE, per_second(10, 50)},    {CLASS_REFER, per_second(10, 50)},
    {CLASS_OTHER, per_second(5, 40)},       {CLASS_RESPONSE, per_second(200, 500)},
    {CLASS_KEEPALIVE, per_second(20, 200)}, {CLASS_UNREADABLE, per_second(2, 20)},
    {CLASS_SYN, per_second(10, 100)},
}});

} // namespace

std::optional<Limits> preset(std::string_view name) {
    if (name == "trunk") return trunk;
    if (name == "phone") return phone;
    return std::nullopt;
}

// Not faster than a rate can be written.
Limits office_of(uint32_t phones) {
    static constexpr nanoseconds shortest = std::chrono::microseconds(100);
    Limits limits = phone;
    for (Rate& rate : limits) {
        rate.period = std::max(rate.period / int64_t{phones}, shortest);
        rate.burst = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{rate.burst} * phones, LIMIT_MAX_BURST));
    }
    return limits;
}

const Limits& peer_limits() { return trunk; }

const Limits& stranger_limits() { return stranger; }

} // namespace ringwall::policy
