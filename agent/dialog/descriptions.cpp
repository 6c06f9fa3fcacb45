// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/descriptions.hpp"

namespace ringwall::dialog {
namespace {

// An allocator's steps are of sixteen bytes, or thereabouts.
template <class T>
size_t bytes_of(const std::vector<T>& values) {
    return (values.size() * sizeof(T) + 15) / 16 * 16;
}

size_t bytes_of(const Remote& remote) {
    return bytes_of(remote.media) + bytes_of(remote.ports) + bytes_of(remote.stand_ins);
}

} // namespace

struct Descriptions::Place {
    Place(const Remote& kept, std::shared_ptr<Taken> from, size_t takes, bool strangers)
        : remote(kept), taken(std::move(from)), bytes(takes), is_strangers(strangers) {
        taken->all += bytes;
        taken->strangers += is_strangers ? bytes : 0;
    }
    Place(const Place&) = delete;
    ~Place() {
        taken->all -= bytes;
        taken->strangers -= is_strangers ? bytes : 0;
    }

    Remote remote; // a copy: of the growth of its vectors nothing is kept
    std::shared_ptr<Taken> taken;
    size_t bytes;
    bool is_strangers;
};

KeptRemote Descriptions::keep(const Remote& remote, bool is_strangers) {
    const size_t bytes = sizeof(Place) + bytes_of(remote);
    if (taken_->all + bytes > capacity_outside || (is_strangers && taken_->strangers + bytes > capacity_strangers))
        return nullptr;
    const auto place = std::make_shared<Place>(remote, taken_, bytes, is_strangers);
    return {place, &place->remote};
}

} // namespace ringwall::dialog
