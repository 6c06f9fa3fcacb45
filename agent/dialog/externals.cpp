// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/externals.hpp"

#include "agent/pinhole/map_value.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::minutes tick_interval{10};
constexpr std::chrono::hours told_anew{1}; // the map, of an answer that says what the last one said

struct pinhole_key key_of(const Endpoint& inside) { return pinhole::HoleKey{inside, Protocol::udp}.abi(); }

bool is_somewhere(const Endpoint& endpoint) {
    return endpoint.port.value != 0 && !endpoint.address.is_unspecified() && !endpoint.address.is_multicast();
}

} // namespace

void Externals::restore(const pinhole::Present& present) {
    for (const auto& [key, value] : present.externals)
        add(pinhole::HoleKey::from(key).local, {Endpoint::from(value.seen), pinhole::from_ns(value.heard_ns)});
}

std::optional<Externals::News> Externals::hear(const sip::StunBinding& binding, const Datagram& datagram,
                                               const policy::View& policy, TimePoint now) {
    if (!policy.config().learns_external) return std::nullopt;
    if (datagram.outbound == binding.is_answer) return std::nullopt; // who asks us, and what we answer
    if (!binding.is_answer) {
        if (!binding.is_check) ask(binding, datagram, now);
        return std::nullopt;
    }
    const auto asked = questions_.find(binding.transaction);
    if (asked == questions_.end()) return std::nullopt;
    const Question question = asked->second;
    if (question.inside != datagram.destination || question.server != datagram.source || question.until <= now)
        return std::nullopt;
    questions_.erase(asked);
    if (!binding.mapped || !is_somewhere(*binding.mapped)) return std::nullopt;
    if (binding.mapped->address.is_v4() != question.inside.address.is_v4()) return std::nullopt;
    if (policy.is_protected(binding.mapped->address)) { // no NAT, or one of this machine's own
        if (const auto entry = seen_.find(question.inside); entry != seen_.end()) forget(entry);
        return std::nullopt;
    }
    if (!learn(question.inside, *binding.mapped, now)) return std::nullopt;
    return News{question.inside.address, binding.mapped->address, question.server};
}

void Externals::ask(const sip::StunBinding& binding, const Datagram& datagram, TimePoint now) {
    if (questions_.size() >= capacity_questions)
        std::erase_if(questions_, [&](const auto& each) { return each.second.until <= now; });
    if (questions_.size() >= capacity_questions) return; // of the inside's own making
    questions_[binding.transaction] = {datagram.source, datagram.destination, now + question_life};
}

bool Externals::learn(const Endpoint& inside, const Endpoint& at, TimePoint now) {
    const auto before = seen_.find(inside);
    if (before == seen_.end() && seen_.size() >= EXTERNALS) {
        ++counters_.refused_full;
        return false;
    }
    const auto hosts = hosts_.find(at.address);
    const bool is_news = hosts == hosts_.end() || !hosts->second.contains(inside.address);
    if (before != seen_.end() && before->second.at == at && now < before->second.heard + told_anew) return false;
    if (before != seen_.end()) forget(before);
    // The NAT has given that port to another since.
    if (const auto other = inside_.find(at); other != inside_.end()) forget(seen_.find(other->second));
    add(inside, {at, now});
    const struct external value{.seen = at.abi(), .zero = 0, .heard_ns = pinhole::to_ns(now)};
    operations_.operations.push_back(pinhole::put_external(key_of(inside), value));
    return is_news;
}

void Externals::add(const Endpoint& inside, const Seen& seen) {
    seen_[inside] = seen;
    inside_[seen.at] = inside;
    ++hosts_[seen.at.address][inside.address];
}

void Externals::forget(std::map<Endpoint, Seen>::iterator entry) {
    const auto [inside, seen] = *entry;
    inside_.erase(seen.at);
    const auto hosts = hosts_.find(seen.at.address);
    const auto host = hosts->second.find(inside.address);
    if (--host->second == 0) hosts->second.erase(host);
    if (hosts->second.empty()) hosts_.erase(hosts);
    operations_.operations.push_back(pinhole::delete_external(key_of(inside)));
    seen_.erase(entry);
}

Endpoint Externals::inside_of(const Endpoint& named, const IpAddress& speaker, const policy::View& policy) const {
    const Endpoint configured{policy.inside_of(named.address), named.port};
    if (!policy.config().learns_external || policy.is_protected(configured.address)) return configured;
    if (const auto asked = inside_.find(named); asked != inside_.end()) return asked->second;
    const auto hosts = hosts_.find(named.address);
    if (hosts == hosts_.end()) return named;
    const Port before{static_cast<uint16_t>(named.port.value - 1)};
    if (const auto asked = inside_.find({named.address, before}); asked != inside_.end())
        return {asked->second.address, Port{static_cast<uint16_t>(asked->second.port.value + 1)}};
    if (hosts->second.size() == 1) return {hosts->second.begin()->first, named.port};
    return hosts->second.contains(speaker) ? Endpoint{speaker, named.port} : named;
}

bool Externals::is_inside(const IpAddress& named, const policy::View& policy) const {
    return policy.is_protected(policy.inside_of(named)) || (policy.config().learns_external && hosts_.contains(named));
}

void Externals::tick(TimePoint now) {
    if (now < next_tick_) return;
    next_tick_ = now + tick_interval;
    std::erase_if(questions_, [&](const auto& each) { return each.second.until <= now; });
    for (auto entry = seen_.begin(); entry != seen_.end();) {
        const auto next = std::next(entry);
        if (entry->second.heard + remembered <= now) forget(entry);
        entry = next;
    }
}

void Externals::take_operations(pinhole::MapOps& all) {
    all.append(operations_);
    operations_.clear();
}

} // namespace ringwall::dialog
