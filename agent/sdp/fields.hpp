// SPDX-License-Identifier: Apache-2.0
// The space-separated fields of an SDP line. RFC 8866 has single spaces; some gateways send two, or one at the end, and
// no reading of that is ambiguous.
#pragma once

#include <string_view>

#include "agent/text/ascii.hpp"

namespace ringwall::sdp {

class Fields {
public:
    explicit Fields(std::string_view value) : end_(value.data() + value.size()) { skip_blanks(value.data()); }

    bool at_end() const { return at_ == end_; }

    // The next field; empty where there is none.
    std::string_view next() {
        const char* const begin = at_;
        const char* const end = text::skip(begin, end_, text::field_char);
        skip_blanks(end);
        return {begin, static_cast<size_t>(end - begin)};
    }

private:
    void skip_blanks(const char* at) {
        while (at != end_ && text::is(*at, text::blank_char)) ++at;
        at_ = at;
    }

    const char* at_;
    const char* end_;
};

} // namespace ringwall::sdp
