// SPDX-License-Identifier: Apache-2.0
// Letters of names and URIs, which no locale changes. agent/text has its own: nothing of ours stands below both.
#pragma once

namespace ringwall::policy {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

} // namespace ringwall::policy
