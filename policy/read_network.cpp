// SPDX-License-Identifier: Apache-2.0
// A prefix of the configuration. IPv4 lies within IPv6 here (::ffff:0:0/96), as it does in the maps: who writes ::/8 means
// what the registry of IPv6 says of it, not all of IPv4; and who writes ::/0 may mean either.
#include "policy/sections.hpp"

namespace ringwall::policy {

std::optional<Prefix> read_network(const Value& item) {
    static const Prefix all_v4 = Prefix::of(IpAddress::v4(0), 96);
    const auto network = item.read(as::prefix);
    if (!network || network->length >= all_v4.length || !network->contains(all_v4)) return network;
    if (network->length != 0) {
        item.refuse("expected a prefix of one family, or any: this one has all of IPv4 in it (::ffff:0:0/96)");
        return std::nullopt;
    }
    if (item.text().find(':') != std::string_view::npos)
        item.warn(std::string(item.text()) +
                  " holds IPv4 too, as `any` does: say any where that is meant; 2000::/3 is IPv6 alone");
    return network;
}

} // namespace ringwall::policy
