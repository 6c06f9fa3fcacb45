// SPDX-License-Identifier: Apache-2.0
// The members of a request's JSON object.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maps/net/address.hpp"
#include "policy/scalars.hpp"

namespace ringwall::control {

// Each is read once; the first mistake is kept.
class Members {
public:
    explicit Members(std::string_view body);

    std::string text(std::string_view key, std::string_view otherwise);
    bool boolean(std::string_view key);
    std::vector<std::string> texts(std::string_view key);
    std::optional<Endpoint> endpoint(std::string_view key);
    template <class T>
    T scalar(std::string_view key, const policy::Kind<T>& kind, std::string_view otherwise) {
        const auto read = kind.parse(text(key, otherwise));
        if (!read) refuse(key, policy::expected_of(kind.definition));
        return read.value_or(T{});
    }
    bool has(std::string_view key) const;

    void refuse(std::string_view key, std::string_view expected);
    // Empty where there is none. What was asked for must be understood whole: a misspelt limit must not be none.
    const std::string& mistake();

private:
    const boost::json::value* member(std::string_view key);

    boost::json::value document_;
    std::string mistake_;
    std::vector<std::string> known_;
    size_t read_ = 0;
};

} // namespace ringwall::control
