// SPDX-License-Identifier: Apache-2.0
// Calls as data: a script of messages and, after each, exactly the holes that stand open. tests/data/calls/README.md
// describes the language.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "agent/transport/transport.hpp"
#include "tests/unit/core/fake_maps.hpp"
#include "tests/unit/core/transitions.hpp"

namespace ringwall::test {

// How the messages come: each a datagram, one in fragments, or pieces of TCP segments, the pieces in any order.
enum class Carrier { datagrams, fragments, segments };
// As written, or with every IPv4 address an IPv6 one.
enum class Family { written, ipv6 };

class CallScript {
public:
    explicit CallScript(Carrier carrier = Carrier::datagrams, Family family = Family::written);
    // Runs a script's text; the first disagreement as "line N: …", or nothing.
    std::optional<std::string> run(const std::string& text);

    Core& core() { return *core_; }
    FakeMaps& maps() { return maps_; }
    Now now() const { return now_; }
    bool is_in_round() const { return is_round_; } // what was heard is not in the maps yet
    uint64_t counter(std::string_view label) const;
    const std::set<std::string>& transitions() const { return transitions_.seen(); }

private:
    std::optional<std::string> step(const std::vector<std::string>& words, const std::string& line);
    std::optional<std::string> expect(const std::vector<std::string>& words, const std::string& line);
    void policy(const std::string& expectation);
    void reload(const std::string& expectation);
    void message(const std::vector<std::string>& words);
    void carry(const Datagram& message);
    void wait(const std::string& duration);
    void tick();
    void hear(const Datagram& datagram);
    void end_round();
    void carry_out(pinhole::MapOps ops);
    void restart();
    void open(const std::vector<std::string>& words);
    void close(const std::vector<std::string>& words);
    void stun(const Endpoint& inside, const Endpoint& seen);
    policy::View view() const;
    Endpoint endpoint(const std::string& text) const;
    pinhole::HoleKey hole_key(const std::string& hole) const;
    std::string hole_text(const std::string& written) const;
    std::string registrars() const;
    std::string learned() const;
    std::string learned_text(const std::string& written) const;

    FakeMaps maps_;
    Transitions transitions_;
    std::optional<Core> core_;
    std::string expectation_ = "negotiated";
    Now now_;

    bool is_round_ = false; // messages are heard, and what they want changed waits

    Carrier carrier_;
    Family family_;
    transport::Transport transport_;
    std::map<std::pair<Endpoint, Endpoint>, uint32_t> sequences_;
    std::mt19937 random_;
};

// The datagram that one line of a script stands for.
std::string compose(const std::vector<std::string>& words);

} // namespace ringwall::test
