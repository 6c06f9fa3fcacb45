// SPDX-License-Identifier: Apache-2.0
// What the names of peers stand for, as the resolver tells it, and the worker of registrars. Their word makes addresses
// a peer's whose name the operator wrote, and nothing else: no address of the inside's, and none that is nobody's.
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "agent/log.hpp"
#include "agent/names/hosts.hpp"
#include "agent/names/registrars.hpp"
#include "agent/process/parent.hpp"

namespace ringwall::agent {
namespace {

// Name -> peer, where several peers have one the first.
std::map<std::string, std::string> wanted_names(const policy::Config& config) {
    std::map<std::string, std::string> wanted;
    for (const policy::Peer& peer : config.peers)
        for (const policy::PeerName& name : peer.names) wanted.emplace(name.text, peer.name);
    return wanted;
}

// Whom the operator can have meant.
bool may_be_peer(const IpAddress& address, const policy::Config& config, const std::vector<IpAddress>& self) {
    if (!names::is_of_a_host(address)) return false;
    if (std::ranges::find(self, address) != self.end()) return false;
    return std::ranges::none_of(config.protect, [&](const Prefix& inside) { return inside.contains(address); });
}

// By its networks: names of several peers may lead to one address.
bool is_of_other_peer(const IpAddress& address, const std::string& peer, const policy::Config& config) {
    return std::ranges::any_of(config.peers, [&](const policy::Peer& other) {
        return other.name != peer &&
               std::ranges::any_of(other.networks, [&](const Prefix& network) { return network.contains(address); });
    });
}

std::string listed(const std::vector<IpAddress>& addresses) {
    std::string text;
    for (const IpAddress& address : addresses) text += (text.empty() ? "" : ", ") + address.to_string();
    return text.empty() ? "nothing" : text;
}

} // namespace

Known Parent::known() const {
    Known known{.lists = lists_, .names = {}};
    for (const auto& [name, state] : names_) known.names[name] = state.party;
    return known;
}

// After a start or a reload. A resolver knows the names that it was born with; the memory is of what another process
// knew.
void Parent::follow_names() {
    const auto before = std::exchange(names_, {});
    const bool is_start = !std::exchange(has_followed_names_, true);
    const auto remembered = is_start ? kernel::remembered_names(options_.pin_path) : kernel::NamedParties();
    for (const auto& [name, peer] : wanted_names(config_)) {
        const auto known = before.find(name);
        NameState state = known != before.end() ? known->second : NameState{};
        if (const auto last = remembered.find(name); last != remembered.end()) state.party = last->second;
        state.peer = peer;
        const auto is_out = [&](const IpAddress& each) { return !may_be_peer(each, config_, surroundings_.self); };
        auto& [resolved, registrars] = state.party;
        are_names_due_ |= std::erase_if(resolved, is_out) > 0;
        are_names_due_ |= std::erase_if(registrars, [&](const auto& each) { return is_out(each.first); }) > 0;
        names_.emplace(name, std::move(state));
    }
    if (!before.empty() || !names_.empty()) remember_names();
    const bool are_same = std::ranges::equal(
        before, names_, {}, [](const auto& each) { return each.first; }, [](const auto& each) { return each.first; });
    if (!are_same) end_resolver();
    if (!resolver_) start_resolver();
    describe_names();
}

void Parent::start_resolver() {
    if (names_.empty()) return;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return log::error("name", "no socket pair");
    Fd ours(ends[0]), theirs(ends[1]);
    const pid_t parent = getpid();
    NamedAddresses before;
    for (const auto& [name, state] : names_) before[name] = state.party.resolved;
    const pid_t pid = fork();
    if (pid < 0) return log::error("name", "cannot start the resolver");
    if (pid == 0) _exit(run_resolver({.parent = parent, .socket = theirs.get(), .names = std::move(before)}));
    resolver_.emplace(Resolver{.pid = pid, .socket = std::move(ours), .names = {}});
    for (const auto& [name, state] : names_) resolver_->names.push_back(name);
}

void Parent::end_resolver() {
    if (!resolver_) return;
    kill(resolver_->pid, SIGKILL);
    waitpid(resolver_->pid, nullptr, 0);
    resolver_.reset();
}

// All that has come, then one change of the policy.
void Parent::on_resolver_bytes() {
    std::array<char, 8192> bytes;
    ssize_t received = 0;
    while ((received = recv(resolver_->socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0)
        resolver_->frames.feed({bytes.data(), static_cast<size_t>(received)});
    bool is_well = received < 0 && errno == EAGAIN;
    while (is_well) {
        const auto frame = resolver_->frames.next();
        if (frame && !*frame) break;
        const auto resolved =
            frame && (*frame)->message == Message::resolved ? decode_resolved((*frame)->body) : std::nullopt;
        is_well = resolved && resolved->name < resolver_->names.size();
        if (is_well) are_names_due_ |= take(*resolved);
    }
    if (!is_well) {
        log::error("name", "the resolver ended; what it found stays, and another one starts");
        end_resolver();
    }
    if (are_names_due_) put_names_into_force();
    else tell_of_names();
}

bool Parent::take(const Resolved& resolved) {
    const std::string& name = resolver_->names[resolved.name];
    NameState& state = names_.at(name);
    auto addresses = resolved.addresses;
    const auto is_left_out = [&](const IpAddress& each) { return !may_be_peer(each, config_, surroundings_.self); };
    const auto left_out = std::erase_if(addresses, is_left_out);
    const std::string of = name + " (peer " + state.peer + ")";
    if (state.trouble != resolved.trouble && resolved.trouble != names::Trouble::none)
        log::warn("name",
                  of + ": " + std::string(names::to_string(resolved.trouble)) + "; it stays " + listed(addresses));
    state.trouble = resolved.trouble;
    state.failures = resolved.failures;
    if (state.party.resolved == addresses) return false;
    log::info("name", of + " is " + listed(addresses) +
                          (left_out > 0 ? "; " + std::to_string(left_out) + " left out: inside, or nobody's" : ""));
    state.party.resolved = std::move(addresses);
    return true;
}

// Into force with the next look, with others that come until then.
void Parent::on_join(const dialog::Join& join) {
    const auto found = names_.find(join.peer_name);
    if (found == names_.end() || !may_be_peer(join.registrar, config_, surroundings_.self)) return;
    NameState& state = found->second;
    if (is_of_other_peer(join.registrar, state.peer, config_)) return;
    const std::string of = join.peer_name + " (peer " + state.peer + ")";
    const auto before = state.party.addresses();
    if (!names::join(state.party.registrars, join.registrar, join.lasts, std::chrono::steady_clock::now())) {
        if (!std::exchange(state.is_full, true))
            log::warn("name.full",
                      of + " has as many registrars as there is room for, and none for " + join.registrar.to_string());
    } else if (state.party.addresses() != before) {
        log::info("name", join.registrar.to_string() + " joins " + of + ": the inside is registered there");
        are_names_due_ = true;
    } else {
        remember_names();
    }
}

// Whose registrations are over leaves, and what was not put into force yet, or could not be, is.
void Parent::look_at_names() {
    for (auto& [name, state] : names_) {
        const auto before = state.party.addresses();
        const auto gone = names::leave(state.party.registrars, std::chrono::steady_clock::now());
        if (!gone.empty()) state.is_full = false;
        if (state.party.addresses() == before) continue;
        for (const IpAddress& registrar : gone)
            log::info("name", registrar.to_string() + " leaves " + name + " (peer " + state.peer +
                                  "): its registrations are over");
        are_names_due_ = true;
    }
    if (are_names_due_) put_names_into_force();
}

void Parent::put_names_into_force() {
    const auto written = write(compile(config_, surroundings_, known()));
    if (!written) log::error("name", "the addresses before stay: " + written.error().message());
    are_names_due_ = !written;
    remember_names();
    tell_of_names();
}

void Parent::remember_names() {
    if (const auto kept = kernel::remember_names(options_.pin_path, known().names); !kept)
        log::error("name", kept.error().message());
}

void Parent::tell_of_names() {
    describe_names();
    brief_worker(Message::surroundings);
}

void Parent::describe_names() {
    briefing_.names.clear();
    for (const auto& [name, state] : names_)
        briefing_.names.push_back({.peer = state.peer,
                                   .name = name,
                                   .addresses = state.party.addresses(),
                                   .registrars = state.party.registrars.size(),
                                   .trouble = std::string(names::to_string(state.trouble)),
                                   .failures = state.failures});
}

} // namespace ringwall::agent
