// SPDX-License-Identifier: Apache-2.0
// What systemd wants to hear of a service (sd_notify(3)): datagrams to the socket that $NOTIFY_SOCKET names. Without one,
// every word here does nothing.
#pragma once

#include <string>
#include <string_view>

#include "agent/fd.hpp"

namespace ringwall::agent {

class ServiceManager {
public:
    static ServiceManager from_environment();

    void ready();
    void reloading(); // until the next ready()
    void stopping();
    void alive(); // the watchdog's, where there is one
    void status(std::string_view sentence);

private:
    void tell(std::string_view words) const;

    std::string address_; // a path, or "@..." of the abstract namespace
    Fd socket_;
    bool has_watchdog_ = false;
};

} // namespace ringwall::agent
