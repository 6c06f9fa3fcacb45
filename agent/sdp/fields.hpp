// SPDX-License-Identifier: Apache-2.0
// The space-separated fields of an SDP line. RFC 8866 has single spaces; some gateways send two, or one at the end, and
// no reading of that is ambiguous.
#pragma once

#include <string_view>

#include "agent/text/ascii.hpp"

namespace ringwall::sdp {

class Fields {
public:
    explicit Fields(std::string_view value) : rest_(value) { skip(); }

    bool at_end() const { return rest_.empty(); }

    // The next field; empty where there is none.
    std::string_view next() {
        size_t length = 0;
        while (length < rest_.size() && !text::is(rest_[length], text::blank_char)) ++length;
        const std::string_view field = rest_.substr(0, length);
        rest_.remove_prefix(length);
        skip();
        return field;
    }

private:
    void skip() {
        while (!rest_.empty() && text::is(rest_.front(), text::blank_char)) rest_.remove_prefix(1);
    }

    std::string_view rest_;
};

} // namespace ringwall::sdp
