// SPDX-License-Identifier: Apache-2.0
// Says when interfaces or addresses of this network namespace may have changed (rtnetlink(7)); what they are now is
// asked afresh (interfaces.hpp), so that a lost or merged notice costs nothing.
#pragma once

#include <set>

#include "agent/fd.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

// Which interfaces the notices were about, whatever it was: also what nobody here asks for, such as their MTU.
struct LinkChanges {
    std::set<int> interfaces;
    bool is_overrun = false; // notices were lost: it may be any
    bool has(int ifindex) const { return is_overrun || interfaces.contains(ifindex); }
};

class LinkEvents {
public:
    static Result<LinkEvents> open();
    int fd() const { return socket_.get(); }
    LinkChanges take(); // all that is there; never blocks

private:
    explicit LinkEvents(Fd socket) : socket_(std::move(socket)) {}
    Fd socket_;
};

} // namespace ringwall::kernel
