// SPDX-License-Identifier: Apache-2.0
// A prefix of the configuration. IPv4 lies within IPv6 here (::ffff:0:0/96), as it does in the maps: what is written as
// all of IPv6 is everything.
#include "policy/sections.hpp"

namespace ringwall::policy {

std::optional<Prefix> read_network(const Value& item) {
    const auto network = item.read(as::prefix);
    const bool is_written_as_v6 = item.text().find(':') != std::string_view::npos;
    if (network && is_written_as_v6 && network->contains(Prefix::of(IpAddress::v4(0), 96)))
        item.warn(std::string(item.text()) +
                  " holds IPv4 too, as `any` does: say any where that is meant; 2000::/3 is IPv6 alone");
    return network;
}

} // namespace ringwall::policy
