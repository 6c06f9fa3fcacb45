// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/call_script.hpp"

#include <algorithm>
#include <sstream>

#include "maps/fnv1a.hpp"
#include "tests/unit/transport/packets.hpp"

namespace ringwall::test {
namespace {

constexpr std::array<uint64_t, 2> secret{0x0123456789abcdef, 0xfedcba9876543210};

std::vector<std::string> words_of(const std::string& line);
std::string option(const std::vector<std::string>& words, const std::string& key, const std::string& otherwise);

// "negotiated deny=198.51.100.7 allow=…"
policy::View view(const std::string& said) {
    const auto words = words_of(said);
    const std::string& expectation = words.at(0);
    const std::string peers = expectation == "none" ? ""
                                                    : R"(
peers:
  - { name: provider, networks: [198.51.100.0/24, "2001:db8:5::/48"], expectation: )" +
                                                          expectation + " }\n";
    const auto config = policy::read(R"(
version: 1
mode: enforce
outside: [eth0]
protect:
  networks: [192.0.2.0/24, "2001:db8:1::/48", 192.168.0.1]
  media_ports: 10000-50000
  tcp_media_ports: 20000-45000
  external: { 203.0.113.1: 192.168.0.1 }
sip: { udp: [5060] }
zones:
  - { name: internet, networks: [any], sip: yes }
deny: { networks: [)" + option(words, "deny", "") +
                                     "] }\nallow: [" + option(words, "allow", "") + "]\n" + peers);
    if (!config) throw std::logic_error(to_string(config.error().front(), "call script policy"));
    return policy::View(*config, {});
}

std::vector<std::string> words_of(const std::string& line) {
    std::stringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

Endpoint endpoint(const std::string& text) {
    const size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return {IpAddress::parse(host).value(), Port{static_cast<uint16_t>(std::stoi(text.substr(colon + 1)))}};
}

// "40000/answered/…" stands for 192.0.2.10:40000/…
std::string expanded(const std::string& hole) {
    const std::string local = hole.substr(0, hole.find('/'));
    return local.find(':') == std::string::npos ? "192.0.2.10:" + hole : hole;
}

pinhole::HoleKey hole_key(const std::string& hole) {
    return {endpoint(hole.substr(0, hole.find('/'))), hole.ends_with("/tcp") ? Protocol::tcp : Protocol::udp};
}

std::string option(const std::vector<std::string>& words, const std::string& key, const std::string& otherwise) {
    for (const std::string& word : words)
        if (word.starts_with(key + "=")) return word.substr(key.size() + 1);
    return otherwise;
}

} // namespace

CallScript::CallScript(Carrier carrier)
    : carrier_(carrier), transport_(secret, [this](const Datagram& datagram, uint64_t) {
          carry_out(core_->on_datagram(datagram, now_));
      }) {
    now_ = {std::chrono::steady_clock::time_point(std::chrono::hours(10)), 1'800'000'000};
    policy(expectation_);
}

void CallScript::policy(const std::string& expectation) {
    expectation_ = expectation;
    core_.emplace(view(expectation), secret);
}

void CallScript::reload(const std::string& expectation) {
    expectation_ = expectation;
    carry_out(core_->reload(view(expectation), now_));
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
    else if (verb == "restart") restart();
    else if (verb == "media") maps_.media(hole_key(expanded(words.at(2))), words.at(1) == "in", now_.monotonic);
    else if (verb == "=") {
        std::vector<std::string> wanted;
        std::transform(words.begin() + 1, words.end(), std::back_inserter(wanted), expanded);
        std::vector<std::string> found = words_of(maps_.holes());
        std::ranges::sort(wanted);
        std::ranges::sort(found);
        if (wanted != found) return line + "\n  found: " + maps_.holes();
    } else if (verb == "latch") {
        maps_.exchange_latch(endpoint(expanded(words.at(1))), true);
    } else if (verb == "latched" || verb == "unlatched") {
        const bool is_latched = maps_.exchange_latch(endpoint(expanded(words.at(1))), false);
        if (is_latched != (verb == "latched")) return line + ": it is not";
    } else if (verb == "ufrag") {
        const auto& hole = maps_.pinholes.at({endpoint(expanded(words.at(1))), Protocol::udp});
        if (hole.ufrag_hash != ufrag_hash(words.at(2))) return line + ": it is another";
    } else if (verb == "legs") {
        const auto live =
            std::ranges::count_if(maps_.dialogs, [](const auto& entry) { return entry.second.state != DIALOG_ENDED; });
        if (live != std::stol(words.at(1))) return line + ", found " + std::to_string(live);
    } else if (verb == "count") {
        if (counter(words.at(1)) != std::stoul(words.at(2)))
            return line + ", found " + std::to_string(counter(words[1]));
    } else {
        return "unknown verb " + verb;
    }
    return std::nullopt;
}

void CallScript::message(const std::vector<std::string>& words) {
    const bool outbound = words[0] == "out";
    const Endpoint inside = endpoint(option(words, "at", "192.0.2.10:5060"));
    const Endpoint outside = endpoint(option(words, "peer", "198.51.100.1:5060"));
    const std::string text = compose(words);
    now_.monotonic += std::chrono::milliseconds(1);
    carry({.outbound = outbound,
           .source = outbound ? inside : outside,
           .destination = outbound ? outside : inside,
           .payload = text});
}

// In three pieces, mixed.
void CallScript::carry(const Datagram& message) {
    if (carrier_ == Carrier::datagrams) return carry_out(core_->on_datagram(message, now_));
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
    if (const auto failed = maps_.apply(ops); !failed.empty()) maps_.apply(core_->on_failed(failed, now_));
}

void CallScript::tick() { carry_out(core_->tick(maps_.find(core_->due(now_)), now_)); }

void CallScript::wait(const std::string& duration) {
    auto left = std::chrono::milliseconds(static_cast<long>(std::stod(duration) * 1000));
    const auto stride =
        left > std::chrono::minutes(5) ? std::chrono::milliseconds(5000) : std::chrono::milliseconds(100);
    while (left > left.zero()) {
        const auto slice = std::min(left, stride);
        now_.monotonic += slice;
        left -= slice;
        tick();
    }
}

void CallScript::restart() {
    core_.emplace(view(expectation_), secret);
    carry_out(core_->restore(maps_.present(), now_));
}

uint64_t CallScript::counter(std::string_view label) const {
    for (const CoreCounter& counter : core_->counters())
        if (counter.label == label) return counter.count;
    return 0;
}

} // namespace ringwall::test
