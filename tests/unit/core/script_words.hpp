// SPDX-License-Identifier: Apache-2.0
// The words of a call script's line, and the configuration that its calls run under.
#pragma once

#include <string>
#include <vector>

namespace ringwall::test {

std::vector<std::string> words_of(const std::string& line);
// The value of the word KEY=VALUE.
std::string option(const std::vector<std::string>& words, const std::string& key, const std::string& otherwise);
std::string without_brackets(const std::string& host);

// "negotiated deny=198.51.100.7 allow=…": the declared peer's expectation (`none`: no peer declared), and the lists.
std::string policy_text(const std::string& expectation, const std::string& denied, const std::string& allowed);

} // namespace ringwall::test
