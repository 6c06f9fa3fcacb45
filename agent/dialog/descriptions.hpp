// SPDX-License-Identifier: Apache-2.0
// What outsiders offer, kept until the inside has answered: once, for its transaction and its leg, and within a share of
// memory. By numbers of requests alone the bound would be a hundred times what ordinary ones take: a message of 1.4 kB
// describes 32 m-lines of four ports.
#pragma once

#include <memory>

#include "agent/dialog/description.hpp"

namespace ringwall::dialog {

using KeptRemote = std::shared_ptr<const Remote>;

class Descriptions {
public:
    // More than the tables of transactions and legs ask for where each describes one call's audio.
    static constexpr size_t capacity_outside = size_t{64} << 20; // bytes, of all requests from outside
    static constexpr size_t capacity_strangers = capacity_outside / 2;

    // Null where there is no room. It takes its room until its last owner lets go of it.
    KeptRemote keep(const Remote& remote, bool is_strangers);
    size_t size() const { return taken_->all; }
    size_t strangers() const { return taken_->strangers; }

private:
    struct Taken {
        size_t all = 0, strangers = 0;
    };
    struct Place;

    std::shared_ptr<Taken> taken_ = std::make_shared<Taken>(); // an ended leg may outlive its table
};

} // namespace ringwall::dialog
