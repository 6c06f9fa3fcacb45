// SPDX-License-Identifier: Apache-2.0
// What outsiders say of their sessions, kept until the inside has answered, or while a later word may repeat it: once, for
// its transaction and its leg, and within a share of memory. By numbers of requests alone the bound would be what the
// largest take, tens of times an ordinary call's audio.
#pragma once

#include <memory>

#include "agent/dialog/description.hpp"

namespace ringwall::dialog {

using KeptRemote = std::shared_ptr<const Remote>;

// Of strangers, or in a response to what is handed on for them; else in a request, or in a response.
enum class SaidIn : uint8_t { strangers, request, response };

class Descriptions {
public:
    // Bytes: some 1,900 for a message of 1.4 kB that says as much as it can, for about as many as there are legs. Whoever
    // floods does not get further by longer descriptions than by more calls.
    static constexpr size_t capacity_outside = size_t{192} << 20; // of all requests from outside
    static constexpr size_t capacity_strangers = capacity_outside / 3;
    // Beside that, to requests of the inside: nobody's requests take their room, nor they that of requests.
    static constexpr size_t capacity_responses = capacity_outside / 3;

    // Null where there is no room. It takes its room until its last owner lets go of it.
    KeptRemote keep(const Remote& remote, SaidIn said_in);
    size_t size() const { return taken_->requests; } // of all requests
    size_t strangers() const { return taken_->strangers; }
    size_t responses() const { return taken_->responses; }

private:
    struct Taken {
        size_t requests = 0, strangers = 0, responses = 0;

        bool has_room(size_t bytes, SaidIn said_in) const;
        void add(size_t bytes, SaidIn said_in);
    };
    struct Place;

    std::shared_ptr<Taken> taken_ = std::make_shared<Taken>(); // an ended leg may outlive its table
};

} // namespace ringwall::dialog
