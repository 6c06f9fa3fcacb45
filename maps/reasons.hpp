// SPDX-License-Identifier: Apache-2.0
// The one list of reasons (maps/abi/reason.h), for C++: label, sentence and verdict by number.
#pragma once

#include <cstdint>
#include <string_view>

#include "maps/abi/counters.h"
#include "maps/abi/policy.h"

namespace ringwall {

struct ReasonText {
    std::string_view label; // "no_pinhole"; empty for a number that is none
    std::string_view sentence;
    bool is_drop = false;
};
constexpr ReasonText reason_text(uint32_t number) {
    switch (number) {
#define RINGWALL_REASON_TEXT(number, label, verdict, sentence) \
    case number: return {#label, sentence, std::string_view(#verdict) == "drop"};
        RINGWALL_REASONS(RINGWALL_REASON_TEXT)
#undef RINGWALL_REASON_TEXT
        default: return {};
    }
}

constexpr std::string_view class_name(uint32_t number) {
    switch (number) {
#define RINGWALL_CLASS_NAME(label) \
    case CLASS_##label: return #label;
        RINGWALL_SIP_CLASSES(RINGWALL_CLASS_NAME)
#undef RINGWALL_CLASS_NAME
        default: return {};
    }
}

} // namespace ringwall
