// SPDX-License-Identifier: Apache-2.0
#include "agent/names/registrars.hpp"

#include <algorithm>

#include "maps/abi/named.h"

namespace ringwall::names {

bool join(Registrars& registrars, const IpAddress& registrar, std::chrono::seconds lasts, Time now) {
    if (!registrars.contains(registrar) && registrars.size() >= REGISTRARS_PER_NAME) return false;
    Time& until = registrars[registrar];
    until = std::max(until, now + std::min<std::chrono::seconds>(lasts, longest_registration) + Book::stays);
    return true;
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
