// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/call_script.hpp"

#include <algorithm>
#include <sstream>

#include "agent/pinhole/words.hpp"
#include "maps/fnv1a.hpp"
#include "tests/unit/core/ipv6_variant.hpp"
#include "tests/unit/core/script_words.hpp"
#include "tests/unit/sip/stun_bytes.hpp"
#include "tests/unit/transport/packets.hpp"

namespace ringwall::test {
namespace {

constexpr std::array<uint64_t, 2> secret{0x0123456789abcdef, 0xfedcba9876543210};

// In no order: what stands is a set.
std::vector<std::string> sorted(std::vector<std::string> words) {
    std::ranges::sort(words);
    return words;
}

// 0,8,101; any
std::string payload_types(const struct pinhole& hole) {
    std::string all;
    for (unsigned type = 0; type < 128; ++type)
        if (hole.payload_types[type / 64] >> (type % 64) & 1) all += (all.empty() ? "" : ",") + std::to_string(type);
    return std::ranges::all_of(hole.payload_types, [](uint64_t word) { return word == UINT64_MAX; }) ? "any" : all;
}

std::string seconds_left(uint64_t until_ns, Now now) {
    const uint64_t now_ns = pinhole::to_ns(now.monotonic);
    return std::to_string(until_ns <= now_ns ? 0 : (until_ns - now_ns + 999'999'999) / 1'000'000'000);
}

} // namespace

CallScript::CallScript(Carrier carrier, Family family)
    : carrier_(carrier),
      family_(family),
      transport_(
          secret, [this](const Datagram& datagram, uint64_t) { hear(datagram); },
          [](const transport::Packet&) { return false; }) {
    now_ = {std::chrono::steady_clock::time_point(std::chrono::hours(10)), 1'800'000'000};
    policy(expectation_);
}

void CallScript::policy(const std::string& expectation) {
    expectation_ = expectation;
    core_.emplace(view(), secret);
}

void CallScript::reload(const std::string& expectation) {
    end_round();
    expectation_ = expectation;
    carry_out(core_->reload(view(), now_));
    transitions_.note(maps_, "reload");
}

std::optional<std::string> CallScript::run(const std::string& text) {
    std::stringstream stream(text);
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        const auto words = words_of(line.substr(0, line.find('#')));
        if (words.empty()) continue;
        if (const auto wrong = step(words, line)) return "line " + std::to_string(number) + ": " + *wrong;
    }
    return std::nullopt;
}

std::optional<std::string> CallScript::step(const std::vector<std::string>& words, const std::string& line) {
    const std::string& verb = words[0];
    if (verb == "policy") policy(line.substr(line.find(words.at(1))));
    else if (verb == "reload") reload(line.substr(line.find(words.at(1))));
    else if (verb == "in" || verb == "out") message(words);
    else if (verb == "wait") wait(words.at(1));
    else if (verb == "round") is_round_ = true;
    else if (verb == "end") end_round();
    else if (verb == "restart") restart();
    else if (verb == "open") open(words);
    else if (verb == "close") close(words);
    else if (verb == "media") maps_.media(hole_key(words.at(2)), words.at(1) == "in", now_.monotonic);
    else if (verb == "stun") stun(endpoint(words.at(1)), endpoint(words.at(2)));
    else if (verb == "latch") maps_.exchange_latch(endpoint(words.at(1)), true);
    else return expect(words, line);
    return std::nullopt;
}

// What stands now, exactly.
std::optional<std::string> CallScript::expect(const std::vector<std::string>& words, const std::string& line) {
    const std::string& verb = words[0];
    const std::vector<std::string> named(words.begin() + 1, words.end());
    const auto all = [&](const std::string& found, const auto& as_text) -> std::optional<std::string> {
        std::vector<std::string> wanted;
        std::ranges::transform(named, std::back_inserter(wanted), as_text);
        if (sorted(wanted) == sorted(words_of(found))) return std::nullopt;
        return line + "\n  found: " + found;
    };
    const auto unless = [&](bool holds, const std::string& found) {
        return holds ? std::nullopt : std::optional(line + ", found " + found);
    };
    if (verb == "=") return all(maps_.holes(), [this](const std::string& hole) { return hole_text(hole); });
    if (verb == "learned") return all(learned(), [this](const std::string& port) { return learned_text(port); });
    if (verb == "registrars") return all(registrars(), [this](const std::string& at) { return learned_text(at); });
    if (verb == "latched" || verb == "unlatched") {
        const bool is_latched = maps_.exchange_latch(endpoint(words.at(1)), false);
        return unless(is_latched == (verb == "latched"), "otherwise");
    }
    if (verb == "asleep" || verb == "awake") {
        const auto& hole = maps_.pinholes.at(hole_key(words.at(1)));
        const bool is_asleep = pinhole::is_asleep(hole, pinhole::to_ns(now_.monotonic));
        return unless(is_asleep == (verb == "asleep"), "otherwise");
    }
    if (verb == "component") {
        const auto found = pinhole::ControlWord::of(maps_.pinholes.at(hole_key(words.at(1))).ctl).component;
        return unless(pinhole::component_name(found) == words.at(2), std::string(pinhole::component_name(found)));
    }
    if (verb == "payload_types") {
        const std::string found = payload_types(maps_.pinholes.at(hole_key(words.at(1))));
        return unless(found == words.at(2), found);
    }
    if (verb == "ufrag") {
        const auto& hole = maps_.pinholes.at({endpoint(words.at(1)), Protocol::udp});
        return unless(hole.ufrag_hash == ufrag_hash(words.at(2)), "another");
    }
    if (verb == "legs") {
        const auto live = std::ranges::count_if(maps_.dialogs, [](const auto& entry) {
            return entry.second.state != DIALOG_ENDED && (entry.second.flags & DIALOG_BY_HAND) == 0;
        });
        return unless(live == std::stol(words.at(1)), std::to_string(live));
    }
    if (verb == "records")
        return unless(maps_.dialogs.size() == std::stoul(words.at(1)), std::to_string(maps_.dialogs.size()));
    if (verb == "count")
        return unless(counter(words.at(1)) == std::stoul(words.at(2)), std::to_string(counter(words.at(1))));
    if (verb == "notice") {
        for (const Notice& notice : core_->take_notices())
            if (notice.event == words.at(1)) return std::nullopt;
        return line + ", none";
    }
    return "unknown verb " + verb;
}

policy::View CallScript::view() const {
    const auto words = words_of(expectation_);
    const auto networks = [&](const char* key) {
        const std::string said = option(words, key, "");
        return family_ == Family::ipv6 ? networks_as_ipv6(said) : said;
    };
    auto config = policy::read(policy_text(words.at(0), networks("deny"), networks("allow")));
    if (!config) throw std::logic_error(to_string(config.error().front(), "call script policy"));
    config->learns_external = option(words, "external", "") == "auto";
    return policy::View(*config, policy::Facts{});
}

// ADDRESS:PORT, or PORT of 192.0.2.10.
Endpoint CallScript::endpoint(const std::string& text) const {
    const size_t colon = text.rfind(':');
    const std::string host = colon == text.npos ? "192.0.2.10" : without_brackets(text.substr(0, colon));
    const IpAddress address = IpAddress::parse(host).value();
    const Port port{static_cast<uint16_t>(std::stoi(colon == text.npos ? text : text.substr(colon + 1)))};
    return {family_ == Family::ipv6 ? as_ipv6(address) : address, port};
}

pinhole::HoleKey CallScript::hole_key(const std::string& hole) const {
    return {endpoint(hole.substr(0, hole.find('/'))), hole.ends_with("/tcp") ? Protocol::tcp : Protocol::udp};
}

// "40000/answered/198.51.100.7:30000,…" as FakeMaps::holes() writes it.
std::string CallScript::hole_text(const std::string& written) const {
    std::stringstream parts(written);
    std::string out, part;
    while (std::getline(parts, part, '/')) {
        std::vector<Endpoint> peers;
        std::stringstream commas(part);
        for (std::string peer; out.size() && std::getline(commas, peer, ',');)
            if (peer.find(':') != peer.npos) peers.push_back(endpoint(peer));
        std::ranges::sort(peers);
        if (out.empty()) out = endpoint(part).to_string();
        else if (peers.empty()) out += "/" + part;
        for (size_t i = 0; i < peers.size(); ++i) out += (i ? "," : "/") + peers[i].to_string();
    }
    return out;
}

// ADDRESS/SECONDS, ADDRESS:PORT/SECONDS
std::string CallScript::learned_text(const std::string& written) const {
    const size_t slash = written.find('/');
    const std::string at = written.substr(0, slash);
    const auto address = IpAddress::parse(without_brackets(at));
    const auto family = [this](const IpAddress& a) { return family_ == Family::ipv6 ? as_ipv6(a) : a; };
    return (address ? family(*address).to_string() : endpoint(at).to_string()) + written.substr(slash);
}

std::string CallScript::registrars() const {
    std::string all;
    for (const auto& [at, known] : maps_.known)
        if (known.flags & KNOWN_REGISTRAR)
            all += without_brackets(at.substr(0, at.rfind(':'))) + "/" + seconds_left(known.until_ns, now_) + " ";
    return all;
}

// Of either protocol: what carries the script decides which.
std::string CallScript::learned() const {
    std::set<std::string> ports;
    for (const auto& [key, port] : maps_.learned)
        ports.insert(key.local.to_string() + "/" + seconds_left(port.until_ns, now_));
    std::string all;
    for (const std::string& port : ports) all += port + " ";
    return all;
}

void CallScript::message(const std::vector<std::string>& words) {
    const bool outbound = words[0] == "out";
    const Endpoint inside = endpoint(option(words, "at", "192.0.2.10:5060"));
    const Endpoint outside = endpoint(option(words, "peer", "198.51.100.1:5060"));
    const std::string written = compose(words);
    const std::string text = family_ == Family::ipv6 ? message_as_ipv6(written) : written;
    now_.monotonic += std::chrono::milliseconds(1);
    carry({.outbound = outbound,
           .source = outbound ? inside : outside,
           .destination = outbound ? outside : inside,
           .payload = text});
    if (!is_round_) transitions_.note(maps_, event_name(words));
}

void CallScript::stun(const Endpoint& inside, const Endpoint& seen) {
    const Endpoint server = endpoint("198.51.100.3:3478");
    const std::string question = stun_request("t"), answer = stun_answer("t", seen);
    hear({.outbound = true, .source = inside, .destination = server, .payload = question});
    hear({.outbound = false, .source = server, .destination = inside, .payload = answer});
}

void CallScript::hear(const Datagram& datagram) {
    core_->hear(datagram, now_);
    if (!is_round_) carry_out(core_->changes(now_));
}

void CallScript::end_round() {
    if (!std::exchange(is_round_, false)) return;
    carry_out(core_->changes(now_));
    transitions_.pass_over(maps_);
}

// In three pieces, mixed.
void CallScript::carry(const Datagram& message) {
    if (carrier_ == Carrier::datagrams) return hear(message);
    const bool is_tcp = carrier_ == Carrier::segments;
    std::string bytes(message.payload);
    if (!is_tcp) bytes = transport::test::udp(bytes, message.source.port.value, message.destination.port.value);
    uint32_t& sequence = sequences_[{message.source, message.destination}];
    struct mirror_record head{};
    head.time_ns = pinhole::to_ns(now_.monotonic);
    head.source = message.source.abi();
    head.destination = message.destination.abi();
    head.protocol = static_cast<uint8_t>(is_tcp ? Protocol::tcp : Protocol::udp);
    const uint16_t flags = message.outbound ? RECORD_OUTBOUND : 0;
    if (is_tcp && sequence == 0) {
        head.flags = flags | RECORD_TCP_SYN;
        transport_.on_packet({.head = head});
        sequence = 1;
    }
    const size_t third = bytes.size() / 24 * 8;
    std::vector<std::pair<size_t, size_t>> pieces{{0, third}, {third, 2 * third}, {2 * third, bytes.size()}};
    std::shuffle(pieces.begin(), pieces.end(), random_);
    for (const auto& [begin, end] : pieces) {
        head.length = head.captured = static_cast<uint32_t>(end - begin);
        head.flags = flags;
        if (is_tcp) head.sequence = sequence + static_cast<uint32_t>(begin);
        else {
            head.sequence = sequence;
            head.fragment_offset = static_cast<uint32_t>(begin);
            head.flags |= static_cast<uint16_t>(RECORD_FRAGMENT | (end == bytes.size() ? RECORD_LAST_FRAGMENT : 0));
        }
        transport_.on_packet({.head = head, .bytes = std::string_view(bytes).substr(begin, end - begin)});
    }
    sequence += static_cast<uint32_t>(is_tcp ? bytes.size() : 1);
}

void CallScript::carry_out(pinhole::MapOps ops) {
    maps_.applied_at = now_.monotonic;
    if (const auto failed = maps_.apply(ops); !failed.empty()) maps_.apply(core_->on_failed(failed, now_));
}

void CallScript::tick() { carry_out(core_->tick(maps_.find(core_->due(now_)), now_)); }

void CallScript::wait(const std::string& duration) {
    end_round();
    auto left = std::chrono::milliseconds(static_cast<long>(std::stod(duration) * 1000));
    const auto stride =
        left > std::chrono::minutes(5) ? std::chrono::milliseconds(5000) : std::chrono::milliseconds(100);
    while (left > left.zero()) {
        const auto slice = std::min(left, stride);
        now_.monotonic += slice;
        left -= slice;
        tick();
        transitions_.note(maps_, "time");
    }
}

void CallScript::restart() {
    is_round_ = false; // what was heard is lost
    core_.emplace(view(), secret);
    carry_out(core_->restore(maps_.present(), now_));
    transitions_.note(maps_, "restart");
}

void CallScript::open(const std::vector<std::string>& words) {
    const pinhole::HoleKey key = hole_key(words.at(1));
    dialog::Opening opening{
        .name = option(words, "name", "hand"),
        .local = key.local,
        .protocol = key.protocol,
        .component = option(words, "rtcp", "no") == "yes" ? pinhole::Component::rtp : pinhole::Component::rtp_rtcp,
        .peer = option(words, "peer", ""),
        .life = std::chrono::seconds(std::stol(option(words, "for", "3600")))};
    std::stringstream senders(option(words, "from", ""));
    for (std::string sender; std::getline(senders, sender, ',');) opening.from.push_back(endpoint(sender));
    opening = dialog::checked(opening, core_->policy()).value();
    opening.until = now_.monotonic + opening.life;
    carry_out(core_->open(opening, now_));
    transitions_.note(maps_, "open");
}

void CallScript::close(const std::vector<std::string>& words) {
    dialog::Closing closing{.name = option(words, "name", "")};
    if (words.at(1).find('=') == std::string::npos) closing.local = endpoint(words.at(1));
    carry_out(core_->close(closing, now_));
    transitions_.note(maps_, "close");
}

uint64_t CallScript::counter(std::string_view label) const {
    for (const CoreCounter& counter : core_->counters())
        if (counter.label == label) return counter.count;
    return 0;
}

} // namespace ringwall::test
