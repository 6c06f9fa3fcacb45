// SPDX-License-Identifier: Apache-2.0
// Messages for the differential tests: composed by the grammar in all the ways that it allows, then spoiled in a few
// places that it cares about. The same seed makes the same messages.
#pragma once

#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::differential {

class Generator {
public:
    explicit Generator(uint64_t seed) : random_(seed) {}

    std::string message();

    // Some spoiling of a message that somebody else wrote.
    std::string spoiled(std::string message);

private:
    std::string header(std::string_view name, std::string_view compact, std::string value);
    std::string request_or_status_line(std::string_view method);
    std::string via();
    std::string address(bool with_tag);
    std::string session_description();
    std::string media(std::string_view protocol);
    void spoil(std::string& message);
    void spoil_line(std::string& message);

    size_t below(size_t bound) { return random_() % bound; }
    bool chance(size_t one_in) { return below(one_in) == 0; }
    std::string_view pick(std::initializer_list<std::string_view> choices) {
        return choices.begin()[below(choices.size())];
    }
    std::string digits(size_t most) { return std::to_string(below(most)); }

    std::mt19937_64 random_;
};

} // namespace ringwall::differential
