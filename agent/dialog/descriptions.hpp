// SPDX-License-Identifier: Apache-2.0
// What outsiders offer, kept until the inside has answered: once, for its transaction and its leg, and within a share of
// memory. By numbers of requests alone the bound would be what the largest take, tens of times an ordinary call's audio.
#pragma once

#include <memory>

#include "agent/dialog/description.hpp"

namespace ringwall::dialog {

using KeptRemote = std::shared_ptr<const Remote>;

class Descriptions {
public:
    // Bytes: some 1,900 for a message of 1.4 kB that says as much as it can, for about as many as there are legs. Whoever floods
    // does not get further by longer descriptions than by more calls.
    static constexpr size_t capacity_outside = size_t{192} << 20; // of all requests from outside
    static constexpr size_t capacity_strangers = capacity_outside / 3;

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
