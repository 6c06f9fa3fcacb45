// SPDX-License-Identifier: Apache-2.0
// Calls as bytes: requests and responses of several parties on both sides, said again, lost, out of order, with time,
// media, reloads and restarts in between. Whatever happens:
//   - a hole is an endpoint that the inside named in SDP that left, and only who was named, or signalled, may send;
//   - a live hole has an owner that lives, and an end;
//   - a restart moves nothing, and two agents that start from the same maps go on alike;
//   - once every call has ended, nothing is left.
#include <array>
#include <cstring>
#include <memory>
#include <set>

#include "tests/fuzz/invariants.hpp"
#include "tests/fuzz/world.hpp"
#include "tests/unit/core/script_words.hpp"

namespace ringwall::test {
namespace {

using Words = std::vector<std::string>;

// FUZZ_SHOW=1 prints a find as the lines of a call script.
bool is_shown() {
    static const bool is_wanted = std::getenv("FUZZ_SHOW") != nullptr;
    return is_wanted;
}

void show(const Words& words) {
    if (!is_shown()) return;
    for (const std::string& word : words) std::fprintf(stderr, "%s ", word.c_str());
    std::fprintf(stderr, "\n");
}

class Bytes {
public:
    Bytes(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
    bool is_empty() const { return at_ == end_; }
    uint8_t next() { return is_empty() ? uint8_t{0} : *at_++; }
    template <size_t N>
    const char* pick(const char* const (&from)[N]) {
        return from[next() % N];
    }

private:
    const uint8_t *at_, *end_;
};

Endpoint endpoint(const std::string& text) {
    const size_t colon = text.rfind(':');
    return {IpAddress::parse(without_brackets(text.substr(0, colon))).value(),
            Port{static_cast<uint16_t>(std::stoi(text.substr(colon + 1)))}};
}

class Calls {
public:
    Calls(const uint8_t* data, size_t size) : bytes_(data, size) {
        world_.maps.capacity = bytes_.next() % 8 == 0 ? 3 : 1000;
    }

    void play() {
        for (int i = 0; i < 60 && !bytes_.is_empty(); ++i) {
            step();
            check();
        }
        end();
    }

private:
    void step() {
        switch (bytes_.next() % 16) {
            case 0: return restart();
            case 1: return reload();
            case 2: return wait(bytes_.pick({"1", "30", "60", "400", "3000"}));
            case 3: return media();
            case 4: return again();
            case 5: return request(false); // lost, if nobody says it again
            case 6:
            case 7:
            case 8:
            case 9:
            case 10: return respond();
            default: return request(true);
        }
    }

    void request(bool arrives) {
        const bool outbound = bytes_.next() % 2;
        const char* method = bytes_.pick(
            {"INVITE", "INVITE", "INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "INFO", "REGISTER", "REFER"});
        Words words{outbound ? "out" : "in", method};
        const uint8_t names = bytes_.next();
        const bool is_swapped = names & 1;
        words.push_back("call=" + std::to_string(names >> 1 & 1));
        words.push_back(is_swapped ? "f=z" : "f=a");
        if (names & 4) words.push_back(is_swapped ? "t=a" : names & 8 ? "t=z" : "t=y");
        words.push_back("b=" + std::to_string(names >> 4 & 3)); // few, so that things meet
        words.push_back("n=" + std::to_string(names >> 6 & 3));
        if (words[1] == "INFO") trickle(words, outbound);
        else describe(words, outbound);
        said_.push_back(words);
        if (arrives) say(words);
    }

    // The other side's word on a request of before.
    void respond() {
        std::vector<Words> requests;
        for (const Words& words : said_)
            if (words[1][0] > '9') requests.push_back(words);
        if (requests.empty()) return request(true);
        const Words& to = requests[requests.size() - 1 - bytes_.next() % requests.size()];
        Words words{to[0] == "out" ? "in" : "out",
                    bytes_.pick({"100", "180", "183", "200", "200", "200", "401", "481", "486", "487", "491", "503"}),
                    "m=" + to[1]};
        for (const std::string& word : to)
            if (word.starts_with("call=") || word.starts_with("f=") || word.starts_with("b=") || word.starts_with("n="))
                words.push_back(word);
        const std::string tag = option(to, "t", "");
        words.push_back("t=" + (tag.empty() ? std::string(bytes_.pick({"z", "y", "x"})) : tag));
        describe(words, words[0] == "out");
        said_.push_back(words);
        say(words);
    }

    // Candidates of the fragment that describe() names.
    void trickle(Words& words, bool outbound) {
        words.push_back("frag=frag/host:1:" + std::string(bytes_.pick({"192.0.2.11:40004", "192.0.2.10:40002"})));
        if (outbound) note_named("192.0.2.10"), note_named("192.0.2.11");
    }

    void describe(Words& words, bool outbound) {
        const uint8_t how = bytes_.next();
        if (how & 0x40)
            words.push_back("peer=" + std::string(bytes_.pick({"198.51.100.2:5060", "203.0.113.5:5060", "10.9.9.9:5060",
                                                               "[2001:db8:5::1]:5060"})));
        if (how & 0x80) words.push_back("se=90");
        if (how & 0x20) words.push_back("rel");
        if ((how & 7) == 0) return;
        const std::string first =
            outbound ? bytes_.pick({"40000", "40002", "41000", "0"}) : bytes_.pick({"30000", "31000", "9", "0"});
        std::string sdp = "sdp=" + first;
        sdp += bytes_.pick({"", "/mux", "/muxonly", "/sendonly", "/inactive", "/rtcp:40011", "/ice:frag"});
        if (how & 8) {
            const std::string second = bytes_.pick({"40004/video", "0/video", "40000/t38", "40000/msrp/setup:passive",
                                                    "40002/msrp/setup:actpass", "9/msrp/setup:active",
                                                    "40004/text/mux/mid:1", "/text/mid:1", "0/text/mid:1/bundle-only"});
            const bool is_bundled = second.ends_with("/mid:1") || second.ends_with("/bundle-only");
            if (is_bundled)
                words.push_back(outbound ? "group=BUNDLE,0,1" : bytes_.pick({"group=BUNDLE,0,1", "group=BUNDLE,1,0"}));
            sdp += (is_bundled ? "/mid:0+" : "+") + (second.starts_with("/") ? first : "") + second;
        }
        words.push_back(sdp);
        const std::string address =
            how & 16   ? outbound
                             ? bytes_.pick({"192.0.2.11", "2001:db8:1::10", "0.0.0.0", "203.0.113.1", "198.51.100.50"})
                             : bytes_.pick({"198.51.100.8", "10.0.0.5", "2001:db8:5::7", "0.0.0.0", "192.0.2.10"})
              : outbound ? "192.0.2.10"
                       : "198.51.100.7";
        words.push_back("c=" + address);
        if (outbound) note_named(address);
        else others_.insert(IpAddress::parse(address).value());
    }

    // What the inside's descriptions could open, from above: an address of theirs with any port that they may name.
    void note_named(const std::string& address) {
        const auto inside = IpAddress::parse(address == "203.0.113.1" ? "192.168.0.1" : address).value();
        for (const uint16_t port :
             std::to_array<uint16_t>({40000, 40001, 40002, 40003, 40004, 40005, 40011, 41000, 41001}))
            named_.insert({inside, Port{port}});
    }

    void say(const Words& words) {
        const bool outbound = words[0] == "out";
        const Endpoint inside = endpoint("192.0.2.10:5060"),
                       outside = endpoint(option(words, "peer", "198.51.100.1:5060"));
        others_.insert(outside.address);
        has_other_parties_ |= !option(words, "peer", "").empty();
        show(words);
        const std::string text = compose(words);
        now_.monotonic += std::chrono::milliseconds(1);
        both([&](World& world) {
            world.carry_out(world.core.on_datagram({.outbound = outbound,
                                                    .source = outbound ? inside : outside,
                                                    .destination = outbound ? outside : inside,
                                                    .payload = text},
                                                   now_),
                            now_);
        });
    }

    void again() {
        if (!said_.empty()) say(said_[said_.size() - 1 - bytes_.next() % said_.size()]);
    }

    void wait(const std::string& tenths) {
        show({"wait", tenths.substr(0, tenths.size() - 1) + "." + tenths.back()});
        for (int i = std::stoi(tenths), stride = i > 100 ? 50 : 1; i > 0; i -= stride) tick(stride);
    }

    void tick(int tenths) {
        now_.monotonic += tenths * std::chrono::milliseconds(100);
        both([&](World& world) { world.tick(now_); });
    }

    void media() {
        const auto& holes = world_.maps.pinholes;
        if (holes.empty()) return;
        auto hole = holes.begin();
        std::advance(hole, bytes_.next() % holes.size());
        const pinhole::HoleKey key = hole->first;
        const bool inwards = bytes_.next() % 2;
        show({"media", inwards ? "in" : "out", key.local.to_string()});
        both([&](World& world) { world.maps.media(key, inwards, now_.monotonic); });
    }

    void reload() {
        policy_ = bytes_.next();
        show({"reload", std::to_string(policy_ % 5)});
        is_reloaded_ = true;
        both([&](World& world) { world.carry_out(world.core.reload(view(policy_), now_), now_); });
    }

    // Where a restart may settle otherwise (docs/limits.md): after a reload, as two owners' policies may meet in one hole;
    // where a call has gone on to another party; what waits for a port that found no room; and where ICE shares a port with
    // who has none and names nobody.
    bool may_settle_otherwise() const {
        const std::string holes = world_.maps.holes();
        const bool is_open_beside_ice = holes.find("networks/ice") != holes.npos || holes.find("any/ice") != holes.npos;
        return is_reloaded_ || has_other_parties_ || is_open_beside_ice ||
               world_.maps.pinholes.size() >= world_.maps.capacity;
    }

    void restart() {
        const std::string before = world_.maps.holes();
        const bool may_differ = may_settle_otherwise();
        show({"restart"});
        twin_.emplace(World{world_.maps, Core(view(policy_), secret)});
        world_.core = Core(view(policy_), secret);
        both([&](World& world) { world.carry_out(world.core.restore(world.maps.present(), now_), now_); });
        const std::string after = world_.maps.holes();
        if (!may_differ && after != before) show({"=", after});
        MUST_HOLD(may_differ || after == before);
    }

    template <class F>
    void both(F f) {
        f(world_);
        if (twin_) f(*twin_);
    }

    void check() {
        if (is_shown()) show({"=", world_.maps.holes()});
        if (twin_) MUST_HOLD(twin_->text() == world_.text());
        for (const auto& [key, hole] : world_.maps.pinholes) {
            MUST_HOLD(named_.contains(key.local));
            const auto word = pinhole::ControlWord::of(hole.ctl);
            if (word.phase >= PHASE_DRAINING) continue;
            const auto owner = world_.maps.dialogs.find(hole.owner);
            MUST_HOLD(owner != world_.maps.dialogs.end() && owner->second.state != DIALOG_ENDED);
            MUST_HOLD(hole.deadline_ns <= pinhole::to_ns(now_.monotonic + std::chrono::hours(24)));
        }
        for (const auto& found : world_.maps.present().pinholes)
            for (uint32_t i = 0; i < found.peers.count; ++i)
                MUST_HOLD(is_over(found) || others_.contains(Endpoint::from(found.peers.peer[i]).address));
    }
    static bool is_over(const pinhole::PresentPinhole& hole) {
        return pinhole::ControlWord::of(hole.value.ctl).phase >= PHASE_DRAINING;
    }

    // Everybody hangs up, and what never was answered runs out.
    void end() {
        const auto records = world_.maps.dialogs;
        int n = 0;
        for (const auto& [id, record] : records) {
            if (record.state == DIALOG_ENDED) continue;
            Words names{"call=" + std::string(record.call_id), "b=end" + std::to_string(++n), "n=99",
                        "peer=" + Endpoint::from(record.outside).to_string()};
            if (record.inside_tag[0]) names.push_back("f=" + std::string(record.inside_tag));
            if (record.outside_tag[0]) names.push_back("t=" + std::string(record.outside_tag)); // RFC 2543 has none
            for (Words words : {Words{"out", "BYE"}, Words{"in", "200", "m=BYE"}}) {
                words.insert(words.end(), names.begin(), names.end());
                say(words);
            }
        }
        show({"wait", "900"});
        constexpr int stride = 50;
        int left = 9000;
        for (; left > 0 && !world_.is_empty(); left -= stride) tick(stride);
        tick(std::max(left, stride)); // the rest in one: nothing comes back
        check();
        for (const auto& [id, record] : world_.maps.dialogs)
            show({"left:", record.call_id, record.inside_tag, record.outside_tag, std::to_string(record.state)});
        MUST_HOLD(world_.is_empty());
    }

    Bytes bytes_;
    Now now_{std::chrono::steady_clock::time_point(std::chrono::hours(10)), 1'800'000'000};
    size_t policy_ = 0;
    World world_{{}, Core(view(0), secret)};
    std::optional<World> twin_; // since the last restart
    std::vector<Words> said_;
    std::set<Endpoint> named_;
    std::set<IpAddress> others_;
    bool is_reloaded_ = false, has_other_parties_ = false;
};

} // namespace
} // namespace ringwall::test

// Where memory comes from is not taken down, a tenth of all time: ASAN_OPTIONS=malloc_context_size=30 tells of a find.
extern "C" const char* __asan_default_options() { return "malloc_context_size=0"; } // NOLINT: its name

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > 1024) return 0;
    ringwall::test::Calls(data, size).play();
    return 0;
}
