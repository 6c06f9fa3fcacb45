// SPDX-License-Identifier: Apache-2.0
#include "agent/process/resolver.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include "agent/log.hpp"
#include "agent/names/dns.hpp"
#include "agent/process/messages.hpp"
#include "agent/process/privileges.hpp"
#include "maps/abi/named.h"

namespace ringwall::agent {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int longest_wait_ms = 60000;

class Resolver {
public:
    explicit Resolver(const ResolverInheritance& inherited) : socket_(inherited.socket) {
        for (const auto& [name, addresses] : inherited.names) {
            order_.push_back(name);
            book_.add(name, addresses, Clock::now());
        }
    }

    void run() {
        while (is_heard_) {
            for (const std::string& name : book_.due(Clock::now())) look_up(name);
            take_answers();
            wait();
            take_answers();
            for (const std::string& name : book_.tick(Clock::now())) tell(name);
        }
    }

private:
    void look_up(const std::string& name) {
        dns_.look_up(name, [this, name](const names::Answer& answer) { answers_.emplace_back(name, answer); });
    }

    // Told whether or not the addresses have changed: the trouble may have.
    void take_answers() {
        for (const auto& [name, answer] : std::exchange(answers_, {})) {
            book_.on_answer(name, answer, Clock::now());
            tell(name);
        }
    }

    void wait() {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(book_.next() - Clock::now()).count();
        const int most = static_cast<int>(std::clamp<int64_t>(left, 0, longest_wait_ms));
        auto waiting = dns_.descriptors();
        waiting.push_back({.fd = socket_, .events = 0, .revents = 0}); // its end alone
        poll(waiting.data(), waiting.size(), dns_.timeout_ms(most));
        if (waiting.back().revents != 0) is_heard_ = false;
        waiting.pop_back();
        dns_.process(waiting);
    }

    void tell(const std::string& name) {
        const auto place = std::ranges::find(order_, name) - order_.begin();
        const Resolved resolved{.name = static_cast<uint32_t>(place),
                                .trouble = book_.trouble(name),
                                .failures = book_.failures(name),
                                .addresses = book_.addresses(name)};
        if (!send_frame(socket_, Message::resolved, encode(resolved))) is_heard_ = false;
    }

    int socket_;
    bool is_heard_ = true;
    std::vector<std::string> order_;
    names::Book book_;
    std::vector<std::pair<std::string, names::Answer>> answers_;
    names::Dns dns_;
};

void append(std::string& body, uint32_t number) { body.append(reinterpret_cast<const char*>(&number), sizeof number); }

uint32_t number_at(std::string_view body, size_t offset) {
    uint32_t number = 0;
    std::memcpy(&number, body.data() + offset, sizeof number);
    return number;
}

constexpr size_t fixed_bytes = 12;

} // namespace

// Of more addresses than a name may have (the old ones beside the new), the first in order are told.
std::string encode(const Resolved& resolved) {
    std::string body;
    append(body, resolved.name);
    append(body, static_cast<uint32_t>(resolved.trouble));
    append(body, resolved.failures);
    for (size_t i = 0; i < std::min<size_t>(resolved.addresses.size(), ADDRESSES_PER_NAME); ++i)
        body.append(reinterpret_cast<const char*>(resolved.addresses[i].bytes().data()), 16);
    return body;
}

std::optional<Resolved> decode_resolved(std::string_view body) {
    if (body.size() < fixed_bytes || (body.size() - fixed_bytes) % 16 != 0) return std::nullopt;
    const uint32_t trouble = number_at(body, 4);
    if (trouble > static_cast<uint32_t>(names::Trouble::too_many)) return std::nullopt;
    Resolved resolved{number_at(body, 0), static_cast<names::Trouble>(trouble), number_at(body, 8), {}};
    for (size_t at = fixed_bytes; at < body.size(); at += 16) {
        std::array<uint8_t, 16> bytes;
        std::memcpy(bytes.data(), body.data() + at, bytes.size());
        resolved.addresses.emplace_back(bytes);
    }
    return resolved;
}

int run_resolver(const ResolverInheritance& inherited) noexcept try {
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
    close_all_but({inherited.socket});
    log::start("resolver");
    if (const auto dropped = drop_privileges(inherited.parent); !dropped) {
        log::error("resolver", dropped.error().message());
        return 1;
    }
    Resolver(inherited).run();
    return 0;
} catch (const std::exception& error) {
    log::error("resolver", error.what());
    return 1;
}

} // namespace ringwall::agent
