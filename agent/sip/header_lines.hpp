// SPDX-License-Identifier: Apache-2.0
// Takes the lines between the start line and the empty line apart into names and values (RFC 3261 7.3.1). Knows nothing
// of what a header means.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/sip/message.hpp"

namespace ringwall::sip {

struct HeaderLine {
    std::string_view name;  // any bytes: whether it is a token is for who does not know the name to ask
    std::string_view value; // without the blanks around it; folds inside stay as they are
};

class HeaderLines {
public:
    explicit HeaderLines(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    enum class Step : uint8_t { header, end, failed };

    // The next header; `end` once the empty line is passed; `failed` with `defect()` and `position()` set.
    Step next(HeaderLine& out);

    const char* position() const { return at_; } // after `end`: the body's first byte
    Defect defect() const { return defect_; }

private:
    Step fail(Defect defect, const char* at) {
        defect_ = defect;
        at_ = at;
        return Step::failed;
    }

    const char* at_;
    const char* end_;
    size_t count_ = 0;
    Defect defect_ = Defect::bad_header;
};

} // namespace ringwall::sip
