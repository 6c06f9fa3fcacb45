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

bool Descriptions::Taken::has_room(size_t bytes, SaidIn said_in) const {
    if (said_in == SaidIn::response) return responses + bytes <= capacity_responses;
    return requests + bytes <= capacity_outside &&
           (said_in == SaidIn::request || strangers + bytes <= capacity_strangers);
}

// What is taken back is added, too: 0 - bytes.
void Descriptions::Taken::add(size_t bytes, SaidIn said_in) {
    (said_in == SaidIn::response ? responses : requests) += bytes;
    if (said_in == SaidIn::strangers) strangers += bytes;
}

struct Descriptions::Place {
    Place(const Remote& kept, std::shared_ptr<Taken> from, size_t takes, SaidIn where)
        : remote(kept), taken(std::move(from)), bytes(takes), said_in(where) {
        taken->add(bytes, said_in);
    }
    Place(const Place&) = delete;
    ~Place() { taken->add(0 - bytes, said_in); }

    Remote remote; // a copy: of the growth of its vectors nothing is kept
    std::shared_ptr<Taken> taken;
    size_t bytes;
    SaidIn said_in;
};

KeptRemote Descriptions::keep(const Remote& remote, SaidIn said_in) {
    const size_t bytes = sizeof(Place) + bytes_of(remote);
    if (!taken_->has_room(bytes, said_in)) return nullptr;
    const auto place = std::make_shared<Place>(remote, taken_, bytes, said_in);
    return {place, &place->remote};
}

} // namespace ringwall::dialog
