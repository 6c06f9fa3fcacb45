// SPDX-License-Identifier: Apache-2.0
// Each rule of the way in as IPv4 and IPv6, plain, behind one VLAN tag and two, whole and in fragments, enforced and
// monitored; by XDP and (RINGWALL_TEST_HOOK=tc) by TC ingress. TEST_RUN gives TC its tags in the frame, not in metadata
// as they are live: tests/netns/wire_test.py shows those.
#include "tests/kernel/every_verdict.hpp"

#include <gmock/gmock.h>

#include "maps/reasons.hpp"

namespace ringwall::test {

void PrintTo(const Row& row, std::ostream* to) { *to << row.name; }

const std::vector<Row>& every_row() {
    static const std::vector<Row> rows = [] {
        std::vector<Row> all;
        for (auto part : {rows_of_scope(), rows_of_sip(), rows_of_pinholes(), rows_of_media(), rows_of_the_rest()})
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    return rows;
}

namespace {

INSTANTIATE_TEST_SUITE_P(Of, EveryVerdict, testing::ValuesIn(every_row()),
                         [](const auto& row) { return row.param.name; });

TEST_P(EveryVerdict, is_the_same_in_every_guise) {
    for (int family : {4, 6})
        for (int tags : {0, 1, 2})
            for (bool is_monitored : {false, true}) {
                run_as({.family = family, .tags = tags, .is_cut = false, .is_monitored = is_monitored});
                if (GetParam().frame != nullptr) continue; // its form is the point already
                run_as({.family = family, .tags = tags, .is_cut = true, .is_monitored = is_monitored});
            }
}

// What no row can show, and where it is shown instead.
const std::map<uint32_t, std::string> without_a_row = {
    {REASON_watched, "a program of its own, which refuses nothing: watch_test.cpp"},
};

TEST(EveryVerdictTable, has_a_row_for_every_reason_of_the_way_in) {
    for (uint32_t number = 1; number < REASON_LIMIT; ++number) {
        const auto label = reason_text(number).label;
        if (label.empty() || is_outward(number)) continue;
        const bool has_row = std::ranges::any_of(every_row(), [&](const Row& row) { return row.reason == number; });
        EXPECT_NE(has_row, without_a_row.contains(number)) << label << ": one of the tables wants it, once";
    }
}

} // namespace
} // namespace ringwall::test
