// SPDX-License-Identifier: Apache-2.0
// Two readings of one message are how firewalls are passed. Ours is compared with those of libosip2 and sofia-sip over
// all corpora and over generated messages; each class of disagreement is explained in tests/data/differential, and a
// class that is not there fails. RINGWALL_DIFFERENTIAL_MESSAGES sets how many are generated.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/differential/account.hpp"
#include "tests/differential/generator.hpp"
#include "tests/unit/support/foreign_data.hpp"

// What leaks in the libraries we compare with is not ours to mend.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; } // NOLINT: the name is the sanitizer's

namespace ringwall::differential {
namespace {

const std::filesystem::path data(RINGWALL_TEST_DATA);

// `class | why`, a line each.
std::map<std::string, std::string> explanations() {
    std::ifstream file(data / "differential" / "disagreements.txt");
    EXPECT_TRUE(file);
    std::map<std::string, std::string> read;
    for (std::string line; std::getline(file, line);) {
        const size_t bar = line.find(" | ");
        if (!line.starts_with('#') && bar != line.npos) read[line.substr(0, bar)] = line.substr(bar + 3);
    }
    return read;
}

struct Class {
    size_t count = 0;
    std::string example;
};
using Classes = std::map<std::string, Class>;

// Of two that both read the message, what they say of one field.
std::string difference(const std::string& field, const Account& we, const Account& they) {
    const auto mine = we.fields.find(field), theirs = they.fields.find(field);
    const bool has_mine = mine != we.fields.end(), has_theirs = theirs != they.fields.end();
    if (!has_mine && !has_theirs) return "";
    if (!has_theirs) return field + ": only we have one";
    if (!has_mine) return field + ": we have none";
    if (mine->second == theirs->second) return "";
    const bool we_refuse = mine->second.starts_with("refused"), they_refuse = theirs->second.starts_with("refused");
    if (we_refuse && they_refuse) return "";
    if (we_refuse) return field + ": we refuse, " + mine->second.substr(8);
    if (they_refuse) return field + ": they refuse";
    return field + ": differs";
}

class Comparison {
public:
    void compare(const std::string& message) {
        ++count_;
        const Account we = ours(message);
        if (we.refused.empty()) ++was_read_;
        compare_with("osip", we, osip(message), message);
        compare_with("sofia", we, sofia(message), message);
    }

    size_t count() const { return count_; }

    void expect_explained() const {
        const auto explained = explanations();
        for (const auto& [name, one] : classes_) {
            EXPECT_TRUE(explained.contains(name)) << name << ", " << one.count << " times; for one:\n" << one.example;
        }
        std::printf("%zu messages, of which we read %zu\n", count_, was_read_);
        for (const auto& [name, one] : classes_) std::printf("%9zu %s\n", one.count, name.c_str());
    }

private:
    void compare_with(const std::string& peer, const Account& we, const Account& they, const std::string& message) {
        if (!we.refused.empty() && !they.refused.empty()) return;
        if (!we.refused.empty()) return add(peer + " reads, we refuse: " + we.refused, message);
        if (!they.refused.empty()) return add(peer + " refuses, we read: " + they.refused, message);
        for (const auto* field :
             {"start", "call_id", "from_tag", "to_tag", "cseq", "branch", "content_length", "media"}) {
            if (const std::string said = difference(field, we, they); !said.empty()) add(peer + " " + said, message);
        }
    }

    void add(const std::string& name, const std::string& message) {
        Class& one = classes_[name];
        if (++one.count == 1 || message.size() < one.example.size()) one.example = message;
    }

    Classes classes_;
    size_t count_ = 0, was_read_ = 0;
};

std::string contents(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string with_crlf(const std::string& text) {
    std::string bytes;
    for (const char c : text) {
        if (c == '\n' && !bytes.ends_with('\r')) bytes += '\r';
        bytes += c;
    }
    return bytes;
}

// A description alone becomes the body of a message.
std::string carried(const std::string& body) {
    return "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
           "Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

void each_message(const std::filesystem::path& folder, const std::function<void(const std::string&)>& take) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.file_size() > 65535) continue;
        const std::string text = contents(entry.path());
        for (const auto& one : {text, with_crlf(text)}) take(one.starts_with("v=") ? carried(one) : one);
    }
}

void compare_all_of(std::initializer_list<std::filesystem::path> folders) {
    Comparison comparison;
    for (const auto& folder : folders)
        each_message(folder, [&](const std::string& message) { comparison.compare(message); });
    EXPECT_GT(comparison.count(), 100U);
    comparison.expect_explained();
}

TEST(Differential, over_our_corpora_every_disagreement_is_explained) {
    compare_all_of({data / "torture", data / "fuzz" / "sip_message", data / "fuzz" / "sdp_session"});
}

using OthersCorpora = test::ForeignData;
TEST_F(OthersCorpora, leave_no_disagreement_unexplained) { compare_all_of({folder() / "torture", folder() / "sdp"}); }

TEST(Differential, over_generated_messages_every_disagreement_is_explained) {
    const char* wanted = std::getenv("RINGWALL_DIFFERENTIAL_MESSAGES");
    const size_t count = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 50000;
    Comparison comparison;
    Generator generator(4475);
    for (size_t i = 0; i < count; ++i) comparison.compare(generator.message());
    comparison.expect_explained();
}

} // namespace
} // namespace ringwall::differential
