// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/transitions.hpp"

#include <algorithm>

namespace ringwall::test {
namespace {

const char* leg_name(uint8_t state) {
    static constexpr const char* names[] = {"none", "early", "confirmed", "ending", "ended"};
    return names[state];
}

const char* phase_name(uint8_t phase) {
    static constexpr const char* names[] = {"none", "offered", "answered", "held", "draining", "closed"};
    return names[phase];
}

std::string status_class(const std::string& method, const std::string& status) {
    if (method == "BYE" && (status == "481" || status == "408")) return "gone"; // the call is forgotten there
    if (status[0] <= '2') return status.substr(0, 1) + "xx";
    static constexpr std::string_view retried[] = {"401", "407", "422", "488", "503"};
    return status[0] == '3' || std::ranges::find(retried, status) != std::end(retried) ? "retry" : "failure";
}

std::string option(const std::vector<std::string>& words, std::string_view key) {
    for (const std::string& word : words)
        if (word.starts_with(key)) return word.substr(key.size());
    return {};
}

// Calls `changed(before, after)` for each key of either map whose value differs; 0 where there is none.
template <class Key, class Changed>
void compare(const std::map<Key, uint8_t>& before, const std::map<Key, uint8_t>& after, Changed changed) {
    const auto value = [](const auto& map, const Key& key) {
        const auto found = map.find(key);
        return found == map.end() ? uint8_t{0} : found->second;
    };
    for (const auto& [key, was] : before)
        if (value(after, key) != was) changed(was, value(after, key));
    for (const auto& [key, is] : after)
        if (!before.contains(key)) changed(uint8_t{0}, is);
}

} // namespace

void Transitions::note(const FakeMaps& maps, const std::string& event) {
    std::map<uint64_t, uint8_t> legs;
    for (const auto& [id, record] : maps.dialogs)
        if ((record.flags & DIALOG_BY_HAND) == 0) legs[id] = record.state;
    std::map<pinhole::HoleKey, uint8_t> holes;
    for (const auto& [key, hole] : maps.pinholes) holes[key] = pinhole::ControlWord::of(hole.ctl).phase;
    compare(legs_, legs, [&](uint8_t was, uint8_t is) {
        seen_.insert(std::string("leg ") + leg_name(was) + " --" + event + "--> " + leg_name(is));
    });
    compare(holes_, holes, [&](uint8_t was, uint8_t is) {
        seen_.insert(std::string("hole ") + phase_name(was) + " --> " + phase_name(is));
    });
    legs_ = std::move(legs);
    holes_ = std::move(holes);
}

void Transitions::pass_over(const FakeMaps& maps) {
    const auto before = seen_;
    note(maps, "");
    seen_ = before;
}

std::string event_name(const std::vector<std::string>& words) {
    const bool is_request = words[1][0] > '9';
    if (is_request) {
        const bool is_again = words[1] == "INVITE" && !option(words, "t=").empty();
        return words[0] + (is_again ? " re-" : " ") + words[1];
    }
    const std::string method = option(words, "m=").empty() ? "INVITE" : option(words, "m=");
    return words[0] + " " + method + " " + status_class(method, words[1]);
}

} // namespace ringwall::test
