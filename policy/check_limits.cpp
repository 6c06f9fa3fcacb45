// SPDX-License-Identifier: Apache-2.0
// Limits and ceilings against what telephones need, and against each other.
#include "maps/reasons.hpp"
#include "policy/checks.hpp"

namespace ringwall::policy {
namespace {

using std::chrono::nanoseconds, std::chrono::seconds;

struct Need {
    enum sip_class which;
    nanoseconds longest_period;
    const char* why;
};

// What one telephone sends when all is well. Copies and the REGISTER after a challenge are free.
constexpr Need needs[] = {
    {CLASS_REGISTER, seconds(60), "a telephone behind NAT registers once a minute"},
    {CLASS_KEEPALIVE, seconds(24), "a telephone behind NAT sends one each 24 s (RFC 5626 4.4.1)"},
    {CLASS_RESPONSE, seconds(10), "a telephone that is called answers with three or more"},
};

void check_needs(const Limits& limits, const std::string& path, Findings& findings) {
    for (const Need& need : needs)
        if (limits[need.which].period > need.longest_period)
            findings.warn_at(joined(path, class_name(need.which)), std::string("less than is needed: ") + need.why);
    if (limits[CLASS_INVITE].period.count() != 0 && limits[CLASS_ACK].period > limits[CLASS_INVITE].period)
        findings.warn_at(joined(path, class_name(CLASS_ACK)),
                         "less than INVITE: calls whose ACK is refused are repeated and break off");
}

void check_totals(const Limits& limits, const Limits& totals, const std::string& path, Findings& findings) {
    for (uint32_t number = 0; number < CLASS_COUNT; ++number)
        if (totals[number].period > limits[number].period && limits[number].period.count() != 0)
            findings.warn_at(joined(path, class_name(number)),
                             "less than one source may send: one uses up what all have");
}

// Of everyone, a flood has to end somewhere.
void check_unlimited(const Zone& zone, const std::string& path, Findings& findings) {
    for (uint32_t number = 0; number < CLASS_COUNT; ++number)
        if (zone.sip && everybody_in(zone.networks) != nullptr && zone.limits[number].period.count() == 0)
            findings.warn_at(joined(path, class_name(number)), "unlimited for everyone: nothing stops a flood of them");
}

void check_ceilings(const Config& config, Findings& findings) {
    const auto is_over = [](uint32_t calls, uint32_t most) { return calls != 0 && most != 0 && calls > most; };
    for (size_t i = 0; i < config.peers.size(); ++i)
        if (is_over(config.peers[i].ceiling.calls, config.ceilings.calls))
            findings.warn_at(joined("peers", i) + ".calls", "more than ceilings.calls, which holds before it");
    for (size_t i = 0; i < config.zones.size(); ++i) {
        const Ceiling& ceiling = config.zones[i].ceiling;
        const std::string path = joined("zones", i) + ".calls";
        if (is_over(ceiling.calls, config.ceilings.calls))
            findings.warn_at(path + ".total", "more than ceilings.calls, which holds before it");
        if (is_over(ceiling.calls_per_source, ceiling.calls) && findings.places.contains(path + ".per_source"))
            findings.warn_at(path + ".per_source", "more than total, which holds before it");
    }
}

// The programs compare at most eight digits (maps/abi/ceiling.h).
void check_emergency(const Config& config, Findings& findings) {
    constexpr size_t most_digits = 8;
    for (size_t i = 0; i < config.emergency.size(); ++i)
        if (config.emergency[i].size() > most_digits)
            findings.warn_at(joined("emergency", i), "longer than 8 digits: not told from other calls over a ceiling");
}

} // namespace

void check_limits(const Config& config, Findings& findings) {
    for (size_t i = 0; i < config.peers.size(); ++i) {
        const std::string path = joined("peers", i);
        check_needs(config.peers[i].limits, path + ".limits", findings);
        check_totals(config.peers[i].limits, config.peers[i].totals, path + ".total_limits", findings);
    }
    for (size_t i = 0; i < config.zones.size(); ++i) {
        const std::string path = joined("zones", i);
        check_needs(config.zones[i].limits, path + ".limits", findings);
        check_totals(config.zones[i].limits, config.zones[i].totals, path + ".total_limits", findings);
        check_unlimited(config.zones[i], path + ".limits", findings);
    }
    check_ceilings(config, findings);
    check_emergency(config, findings);
}

} // namespace ringwall::policy
