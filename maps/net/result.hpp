// SPDX-License-Identifier: Apache-2.0
// One alias for "a value or why not". tl::expected today (g++ 12 has no std::expected in C++20), std::expected later.
#pragma once

#include <string>
#include <system_error>
#include <tl/expected.hpp>

namespace ringwall {

// Shell errors: what we were doing, to what, and errno. `what` is one sentence for the operator, with the mend in it
// where there is one.
struct Error {
    std::error_code code;
    std::string what;

    std::string message() const { return code ? what + ": " + code.message() : what; }
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

inline tl::unexpected<Error> fail(std::string what) { return tl::make_unexpected(Error{{}, std::move(what)}); }
inline tl::unexpected<Error> fail_errno(int number, std::string what) {
    return tl::make_unexpected(Error{{number, std::generic_category()}, std::move(what)});
}

} // namespace ringwall
