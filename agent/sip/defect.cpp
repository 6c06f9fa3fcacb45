// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "agent/sip/message.hpp"

namespace ringwall::sip {
namespace {

// Labels of the counters by defect; the order is Defect's.
constexpr std::array<std::string_view, 22> names{
    "need_more",          "not_sip",          "bad_start_line", "bad_header",       "bad_via",
    "bad_from",           "bad_to",           "bad_call_id",    "bad_cseq",         "bad_contact",
    "bad_content_length", "bad_content_type", "bad_multipart",  "missing_via",      "missing_from",
    "missing_to",         "missing_call_id",  "missing_cseq",   "duplicate_header", "method_mismatch",
    "too_long",           "too_many"};
static_assert(names.size() == static_cast<size_t>(Defect::too_many) + 1);

} // namespace

std::string_view to_string(Defect defect) { return names[static_cast<size_t>(defect)]; }

} // namespace ringwall::sip
