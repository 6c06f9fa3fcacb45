// SPDX-License-Identifier: Apache-2.0
// Which addresses the names of peers stand for, and when to ask again: answers and `now` go in, addresses come out. An
// address stays for its time to live and ten minutes more, as the other side of a record that moved still speaks for a
// while; and while nobody answers it stays for good.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "maps/net/address.hpp"

namespace ringwall::names {

using Time = std::chrono::steady_clock::time_point;

enum class Trouble : uint32_t {
    none,
    silent,   // no server answered in time
    refused,  // no server is there, or none will
    failed,   // a server could not find out (SERVFAIL), or its answer cannot be read
    no_name,  // NXDOMAIN
    nothing,  // the name is there, without addresses
    too_many, // more addresses or targets than are kept
};
std::string_view to_string(Trouble trouble);

struct Answer {
    std::vector<IpAddress> addresses;
    std::chrono::seconds ttl{};      // the least of all records
    Trouble trouble = Trouble::none; // beside addresses: of a part of it
};

class Book {
public:
    static constexpr std::chrono::seconds least_ttl{5}, most_ttl{3600}, stays{600}, first_retry{5}, last_retry{60};

    // What a name stood for before, where that is known.
    void add(const std::string& name, const std::vector<IpAddress>& before, Time now);

    // To be asked now; each is then under way until its answer comes.
    std::vector<std::string> due(Time now);
    // When something is due next, of what is not under way.
    Time next() const;

    // Both: which names stand for something else now.
    bool on_answer(const std::string& name, const Answer& answer, Time now);
    std::vector<std::string> tick(Time now);

    std::vector<IpAddress> addresses(const std::string& name) const; // in order
    Trouble trouble(const std::string& name) const { return entries_.at(name).trouble; }
    uint32_t failures(const std::string& name) const { return entries_.at(name).failures; }

private:
    struct Entry {
        std::map<IpAddress, Time> until;
        Time ask_at;
        bool is_under_way = false;
        Trouble trouble = Trouble::none;
        bool is_settled = false; // the last answer was whole: what it did not name may go in its time
        uint32_t failures = 0;   // since the agent started
        std::chrono::seconds retry = first_retry;
    };
    static bool forget(Entry& entry, Time now);

    std::map<std::string, Entry> entries_;
};

} // namespace ringwall::names
