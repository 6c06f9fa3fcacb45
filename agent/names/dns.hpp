// SPDX-License-Identifier: Apache-2.0
// Asks name servers (those of /etc/resolv.conf) for all addresses of a host, or of all targets of a service. c-ares is met
// here and in records.cpp only. Never blocks: the owner waits on the descriptors.
#pragma once

#include <poll.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/names/book.hpp"
#include "agent/names/records.hpp"

struct ares_channeldata;

namespace ringwall::names {

class Dns {
public:
    using OnAnswer = std::function<void(const Answer&)>;
    Dns() = default;
    ~Dns();
    Dns(const Dns&) = delete;
    Dns& operator=(const Dns&) = delete;

    // A and AAAA; of a name that begins with _ those of its SRV's targets. The answer may come before this returns; whoever
    // takes it asks for nothing meanwhile.
    void look_up(const std::string& name, OnAnswer on_answer);

    std::vector<pollfd> descriptors() const;        // to wait on
    int timeout_ms(int most) const;                 // and how long at most
    void process(const std::vector<pollfd>& ready); // answers, and what has waited long enough

private:
    struct Lookup;
    struct Question;
    static void on_reply(void* question, int status, int timeouts, unsigned char* message, int length);
    void ask(const std::shared_ptr<Lookup>& lookup, const std::string& name, Kind kind);
    void ask_for_addresses(const std::shared_ptr<Lookup>& lookup, const std::string& host);
    void take(Lookup& lookup, const Records& records);
    bool open();

    ares_channeldata* channel_ = nullptr;
    size_t under_way_ = 0; // questions
};

} // namespace ringwall::names
