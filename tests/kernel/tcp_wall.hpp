// SPDX-License-Identifier: Apache-2.0
// TCP tests run three times: IPv4, IPv6, and IPv4 behind a VLAN tag. Parties have an address of each family.
#pragma once

#include <bpf/bpf.h>

#include "tests/kernel/parties.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {

enum class Shape : uint8_t { ipv4, ipv6, vlan };
inline const auto every_shape = testing::Values(Shape::ipv4, Shape::ipv6, Shape::vlan);
inline std::string shape_name(const testing::TestParamInfo<Shape>& info) {
    return info.param == Shape::ipv4 ? "ipv4" : info.param == Shape::ipv6 ? "ipv6" : "vlan";
}

class TcpWall : public Wall, public testing::WithParamInterface<Shape> {
protected:
    std::string address(const Party& party) const { return GetParam() == Shape::ipv6 ? party.v6 : party.v4; }
    Packet shaped(const ip4& v4, const ip6& v6) const {
        if (GetParam() == Shape::ipv6) return eth / v6;
        return GetParam() == Shape::vlan ? eth / vlan{} / v4 : eth / v4;
    }
    std::string from(const Party& who, const tcp& segment, const raw& bytes = text("")) {
        return in(shaped(ip4{.src = who.v4}, ip6{.src = who.v6}) / segment / bytes);
    }
    std::string to(const Party& who, const tcp& segment, const raw& bytes = text("")) {
        return out(shaped(ip4{.src = inside.v4, .dst = who.v4}, ip6{.src = inside.v6, .dst = who.v6}) / segment /
                   bytes);
    }
    // To an address that is not protected.
    std::string beside(const Party& who, const tcp& segment) {
        return in(shaped(ip4{.src = who.v4, .dst = elsewhere.v4}, ip6{.src = who.v6, .dst = elsewhere.v6}) / segment);
    }
    void opaque(uint16_t port) {
        const uint32_t index = port >> 6;
        port_policy policy{};
        bpf_map_lookup_elem(map("ports"), &index, &policy);
        policy.opaque |= uint64_t{1} << (port & 63);
        bpf_map_update_elem(map("ports"), &index, &policy, BPF_ANY);
    }
};

} // namespace ringwall::test
