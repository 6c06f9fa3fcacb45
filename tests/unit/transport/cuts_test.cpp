// SPDX-License-Identifier: Apache-2.0
// Every message of tests/data/torture and one of each kind of tests/data/calls, cut at every byte: in two and three
// segments, in every order, repeated, overlapping; as a datagram in fragments. It always reads as it does in one piece.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "tests/unit/core/call_script.hpp"
#include "tests/unit/transport/packets.hpp"

namespace ringwall::transport::test {
namespace {

const std::filesystem::path data = RINGWALL_TEST_DATA;
constexpr uint32_t near_the_wrap = 0xffffff00;

std::string text_of(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// Line ends stand for CRLF, {hh} for a byte (tests/unit/sip/torture_test.cpp).
std::string torture(const std::filesystem::path& path) {
    const std::string text = text_of(path);
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') bytes += '\r';
        const bool is_byte = text[i] == '{' && i + 3 < text.size() && text[i + 3] == '}';
        bytes += is_byte ? static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)) : text[i];
        if (is_byte) i += 3;
    }
    return bytes;
}

// The first of each method or status, with and without SDP.
std::vector<std::string> composed() {
    std::set<std::string> kinds;
    std::vector<std::string> messages;
    for (const auto& entry : std::filesystem::directory_iterator(data / "calls")) {
        if (entry.path().extension() != ".call") continue;
        std::stringstream lines(text_of(entry.path()));
        for (std::string line; std::getline(lines, line);) {
            std::stringstream stream(line.substr(0, line.find('#')));
            std::vector<std::string> words;
            for (std::string word; stream >> word;) words.push_back(word);
            if (words.empty() || (words[0] != "in" && words[0] != "out")) continue;
            const std::string kind = words[0] + words[1] + (line.find("sdp=") == line.npos ? "" : " sdp");
            if (kinds.insert(kind).second) messages.push_back(ringwall::test::compose(words));
        }
    }
    return messages;
}

std::vector<std::string> corpus() {
    std::vector<std::string> messages = composed();
    for (const auto& entry : std::filesystem::directory_iterator(data / "torture"))
        if (entry.path().extension() == ".sip") messages.push_back(torture(entry.path()));
    return messages;
}

using Part = std::pair<size_t, size_t>; // [begin, end)

std::vector<std::string> read_in(const std::string& text, const std::vector<Part>& parts) {
    std::vector<std::string> messages;
    StreamCounters counters;
    Stream stream = Stream::from_start(near_the_wrap, 1);
    for (const auto& [begin, end] : parts)
        stream.on_segment(
            {.sequence = near_the_wrap + static_cast<uint32_t>(begin),
             .bytes = std::string_view(text).substr(begin, end - begin),
             .time_ns = 1},
            [&](std::string_view message) { messages.emplace_back(message); }, counters);
    return messages;
}

TEST(Cuts, of_a_stream_change_nothing) {
    std::mt19937 random(1);
    size_t read = 0;
    for (const std::string& first : corpus()) {
        const std::string text = "\r\n\r\n" + first + "\r\n" + message("behind", "body");
        const std::vector<std::string> whole = read_in(text, {{0, text.size()}});
        read += whole.size();
        for (size_t at = 1; at < text.size(); ++at) {
            const size_t before = at - random() % at, behind = at + random() % (text.size() - at);
            const Part head{0, at}, tail{at, text.size()};
            for (const auto& parts : std::vector<std::vector<Part>>{{head, tail},
                                                                    {tail, head},
                                                                    {head, head, tail, tail},
                                                                    {tail, {0, behind}},
                                                                    {head, {before, text.size()}},
                                                                    {{before, behind}, tail, head}})
                ASSERT_EQ(read_in(text, parts), whole) << first << "\nat " << at << ' ' << before << ' ' << behind;
            std::array<Part, 3> three{Part{0, at}, Part{at, behind}, Part{behind, text.size()}};
            do ASSERT_EQ(read_in(text, {three.begin(), three.end()}), whole) << first << "\nat " << at << ' ' << behind;
            while (std::ranges::next_permutation(three).found);
        }
    }
    EXPECT_GT(read, 150U);
}

TEST(Cuts, of_a_datagram_change_nothing) {
    for (const std::string& text : corpus()) {
        const std::string ip = udp(text);
        Fragments fragments;
        Line line;
        uint32_t identification = 0;
        const auto joined = [&](const std::vector<Part>& parts) {
            ++identification;
            std::optional<std::string> whole;
            for (const auto& [begin, end] : parts) {
                const bool is_last = end == ip.size();
                Packet packet = line.packet(17, identification, std::string_view(ip).substr(begin, end - begin),
                                            RECORD_FRAGMENT | (is_last ? +RECORD_LAST_FRAGMENT : 0));
                packet.head.fragment_offset = static_cast<uint32_t>(begin);
                if (const auto datagram = fragments.on_fragment(packet)) {
                    EXPECT_FALSE(whole);
                    whole = datagram->payload;
                }
            }
            return whole;
        };
        for (size_t at = 8; at < ip.size(); at += 8) {
            const Part head{0, at}, tail{at, ip.size()};
            for (const auto& parts :
                 std::vector<std::vector<Part>>{{head, tail}, {tail, head}, {head, head, tail}, {tail, tail, head}})
                ASSERT_EQ(joined(parts), text) << at;
            for (size_t behind = at + 8; behind < ip.size(); behind += 104) {
                std::array<Part, 3> three{Part{0, at}, Part{at, behind}, Part{behind, ip.size()}};
                do ASSERT_EQ(joined({three.begin(), three.end()}), text) << at << ' ' << behind;
                while (std::ranges::next_permutation(three).found);
            }
            ASSERT_EQ(joined({{0, at}, {at - 8, ip.size()}}), std::nullopt) << at;
            line.now += fragment_life_ns;
        }
    }
}

} // namespace
} // namespace ringwall::transport::test
