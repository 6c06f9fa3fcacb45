// SPDX-License-Identifier: Apache-2.0
// What holds of every parse, whatever the bytes: views lie inside the input, counts inside their limits, and the same
// bytes read twice, into a fresh target and into a used one, say the same.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "maps/net/address.hpp"

#define MUST_HOLD(claim)                                                                    \
    do {                                                                                    \
        if (!(claim)) {                                                                     \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim); \
            std::abort();                                                                   \
        }                                                                                   \
    } while (false)

namespace ringwall::fuzz {

// Takes down every field of a result, in an order, and checks its views as they come by.
class Statement {
public:
    explicit Statement(std::string_view input) : input_(input) {}

    void add(std::string_view view) {
        if (!view.empty()) {
            MUST_HOLD(view.data() >= input_.data());
            MUST_HOLD(view.data() + view.size() <= input_.data() + input_.size());
        }
        add_number(view.empty() ? 0 : static_cast<uint64_t>(view.data() - input_.data()));
        add_number(view.size());
    }
    void add_number(uint64_t number) { text_ += std::to_string(number) + ' '; }
    void add(const IpAddress& address) { text_ += address.to_string() + ' '; }
    void add(const Endpoint& endpoint) { text_ += endpoint.to_string() + ' '; }
    void add(Port port) { add_number(port.value); }
    void add(uint32_t number) { add_number(number); }

    template <class T>
    void add(const std::optional<T>& value) {
        text_ += value ? "some " : "none ";
        if (value) add(*value);
    }

    bool operator==(const Statement& other) const { return text_ == other.text_; }

private:
    std::string_view input_;
    std::string text_;
};

} // namespace ringwall::fuzz
