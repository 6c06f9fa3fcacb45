// SPDX-License-Identifier: Apache-2.0
#include "agent/names/registrars.hpp"

#include <algorithm>

#include "maps/abi/named.h"

namespace ringwall::names {

static_assert(registrars_per_name == REGISTRARS_PER_NAME);

Joined join(Registrars& registrars, const IpAddress& registrar, std::chrono::seconds lasts, Time now) {
    const bool is_new = !registrars.contains(registrar);
    if (is_new && registrars.size() >= registrars_per_name) return Joined::no_room;
    Time& until = registrars[registrar];
    until = std::max(until, now + std::min<std::chrono::seconds>(lasts, longest_registration) + Book::stays);
    return is_new ? Joined::anew : Joined::again;
}

std::vector<IpAddress> leave(Registrars& registrars, Time now) {
    std::vector<IpAddress> gone;
    std::erase_if(registrars, [&](const auto& each) {
        if (each.second <= now) gone.push_back(each.first);
        return each.second <= now;
    });
    return gone;
}

} // namespace ringwall::names
