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

namespace ringwall::test {

// How the messages come: each a datagram, one in fragments, or pieces of TCP segments, the pieces in any order.
enum class Carrier { datagrams, fragments, segments };

class CallScript {
public:
    explicit CallScript(Carrier carrier = Carrier::datagrams);
    // Runs a script's text; the first disagreement as "line N: …", or nothing.
    std::optional<std::string> run(const std::string& text);

    Core& core() { return *core_; }
    FakeMaps& maps() { return maps_; }
    Now now() const { return now_; }
    uint64_t counter(std::string_view label) const;

private:
    std::optional<std::string> step(const std::vector<std::string>& words, const std::string& line);
    void policy(const std::string& expectation);
    void reload(const std::string& expectation);
    void message(const std::vector<std::string>& words);
    void carry(const Datagram& message);
    void wait(const std::string& duration);
    void tick();
    void carry_out(pinhole::MapOps ops);
    void restart();

    FakeMaps maps_;
    std::optional<Core> core_;
    std::string expectation_ = "negotiated";
    Now now_;

    Carrier carrier_;
    transport::Transport transport_;
    std::map<std::pair<Endpoint, Endpoint>, uint32_t> sequences_;
    std::mt19937 random_;
};

// The datagram that one line of a script stands for.
std::string compose(const std::vector<std::string>& words);

} // namespace ringwall::test
