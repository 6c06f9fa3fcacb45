// SPDX-License-Identifier: Apache-2.0
// Lines of a call script within a test that looks at more than holes.
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/core/call_script.hpp"

namespace ringwall::test {

inline void run(CallScript& script, const std::string& text) { ASSERT_EQ(script.run(text).value_or(""), ""); }

} // namespace ringwall::test
