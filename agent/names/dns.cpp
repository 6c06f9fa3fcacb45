// SPDX-License-Identifier: Apache-2.0
#include "agent/names/dns.hpp"

#include <ares.h>

#include <algorithm>
#include <array>

#include "maps/abi/named.h"

namespace ringwall::names {
namespace {

constexpr size_t most_targets = 32;
constexpr int class_internet = 1;
constexpr int patience_ms = 2000, tries = 2; // of each server; the second waits twice as long

Trouble trouble_of(int status) {
    switch (status) {
        case ARES_ENOTFOUND: return Trouble::no_name;
        case ARES_ETIMEOUT: return Trouble::silent;
        case ARES_ECONNREFUSED:
        case ARES_EREFUSED: return Trouble::refused;
        default: return Trouble::failed;
    }
}

} // namespace

// All that one name needs. Lives as long as one of its questions is under way.
struct Dns::Lookup {
    OnAnswer on_answer;
    Answer answer{.addresses = {}, .ttl = std::chrono::hours(24)};
    std::vector<std::string> targets;

    explicit Lookup(OnAnswer whom) : on_answer(std::move(whom)) {}
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    ~Lookup() {
        // Some servers deny the whole name where it has none of one family; and a service may name a host that is gone.
        if (answer.trouble == Trouble::no_name && !answer.addresses.empty()) answer.trouble = Trouble::none;
        on_answer(answer);
    }

    void fail(Trouble trouble) {
        if (answer.trouble == Trouble::none) answer.trouble = trouble;
    }
};

struct Dns::Question {
    Dns& dns;
    std::shared_ptr<Lookup> lookup;
    Kind kind;
};

Dns::~Dns() {
    if (channel_ != nullptr) ares_destroy(channel_);
}

// Anew whenever nothing is under way: the machine's name servers change.
bool Dns::open() {
    if (channel_ != nullptr && under_way_ > 0) return true;
    if (channel_ != nullptr) ares_destroy(channel_);
    channel_ = nullptr;
    ares_options options{};
    options.timeout = patience_ms;
    options.tries = tries;
    return ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) == ARES_SUCCESS;
}

void Dns::look_up(const std::string& name, OnAnswer on_answer) {
    const auto lookup = std::make_shared<Lookup>(std::move(on_answer));
    if (!open()) return lookup->fail(Trouble::failed);
    if (name.front() == '_') ask(lookup, name, Kind::srv);
    else ask_for_addresses(lookup, name);
}

void Dns::ask_for_addresses(const std::shared_ptr<Lookup>& lookup, const std::string& host) {
    for (const Kind kind : {Kind::a, Kind::aaaa}) ask(lookup, host, kind);
}

void Dns::ask(const std::shared_ptr<Lookup>& lookup, const std::string& name, Kind kind) {
    ++under_way_;
    ares_query(channel_, name.c_str(), class_internet, static_cast<int>(kind), on_reply,
               new Question{*this, lookup, kind});
}

// Once for each question, whatever becomes of it; also from ares_destroy(), when the owner of the answer is going.
void Dns::on_reply(void* context, int status, int, unsigned char* message, int length) {
    const std::unique_ptr<Question> question(static_cast<Question*>(context));
    Lookup& lookup = *question->lookup;
    --question->dns.under_way_;
    if (status == ARES_ENODATA) return; // it has none of that kind
    if (status != ARES_SUCCESS) return lookup.fail(trouble_of(status));
    const auto records = read_records({message, static_cast<size_t>(length)}, question->kind);
    if (!records) return lookup.fail(Trouble::failed);
    question->dns.take(lookup, *records);
    if (question->kind != Kind::srv) return;
    const auto targets = lookup.targets; // an answer may come at once
    for (const std::string& target : targets) question->dns.ask_for_addresses(question->lookup, target);
}

void Dns::take(Lookup& lookup, const Records& records) {
    Answer& answer = lookup.answer;
    answer.ttl = std::min(answer.ttl, records.ttl);
    for (const IpAddress& address : records.addresses)
        if (std::ranges::find(answer.addresses, address) == answer.addresses.end()) answer.addresses.push_back(address);
    for (const std::string& target : records.targets)
        if (std::ranges::find(lookup.targets, target) == lookup.targets.end()) lookup.targets.push_back(target);
    if (answer.addresses.size() > ADDRESSES_PER_NAME || lookup.targets.size() > most_targets) {
        answer.addresses.clear();
        lookup.targets.clear();
        lookup.fail(Trouble::too_many);
    }
}

std::vector<pollfd> Dns::descriptors() const {
    std::vector<pollfd> waiting;
    if (channel_ == nullptr) return waiting;
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto bits = static_cast<unsigned>(ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM));
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
        const int events =
            (ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0);
        if (events != 0) waiting.push_back({.fd = sockets[i], .events = static_cast<short>(events), .revents = 0});
    }
    return waiting;
}

int Dns::timeout_ms(int most) const {
    if (channel_ == nullptr) return most;
    timeval limit{.tv_sec = most / 1000, .tv_usec = most % 1000 * 1000};
    timeval left{};
    const timeval* wait = ares_timeout(channel_, &limit, &left);
    return static_cast<int>(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000);
}

void Dns::process(const std::vector<pollfd>& ready) {
    if (channel_ == nullptr) return;
    for (const pollfd& each : ready) {
        const bool has_input = (each.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        const bool has_room = (each.revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
        ares_process_fd(channel_, has_input ? each.fd : ARES_SOCKET_BAD, has_room ? each.fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

} // namespace ringwall::names
