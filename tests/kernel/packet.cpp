// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/packet.hpp"

#include "maps/net/address.hpp"

namespace ringwall::test {
namespace {

struct Built { // what stands to the right of a layer
    Bytes bytes;
    uint8_t protocol = 59; // IP's number for it; 59: none
    uint16_t ether_type = 0;
};

void put16(Bytes& to, size_t value) {
    to.push_back(static_cast<uint8_t>(value >> 8));
    to.push_back(static_cast<uint8_t>(value));
}
void put32(Bytes& to, uint32_t value) { put16(to, value >> 16), put16(to, value & 0xffff); }
void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }
size_t with_error(size_t length, int error) { return static_cast<size_t>(static_cast<int>(length) + error); }

Bytes address_bytes(const std::string& text, bool v4) {
    auto all = IpAddress::parse(text).value().bytes();
    return {all.begin() + (v4 ? 12 : 0), all.end()};
}

struct Builder {
    const Built& next;

    Built operator()(const ethernet& layer) const {
        Bytes out{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
        put16(out, layer.type.value_or(next.ether_type));
        append(out, next.bytes);
        return {out};
    }
    Built operator()(const vlan& layer) const {
        Bytes out;
        put16(out, layer.id);
        put16(out, next.ether_type);
        append(out, next.bytes);
        return {out, 59, layer.tag_type};
    }
    Built operator()(const ip4& layer) const {
        size_t header = 20 + 4 * layer.option_words;
        Bytes out{layer.version_ihl.value_or(static_cast<uint8_t>(0x40 | header / 4)), 0};
        put16(out, with_error(header + next.bytes.size(), layer.length_error));
        put16(out, layer.id);
        put16(out, layer.fragment);
        out.push_back(64);
        out.push_back(layer.protocol.value_or(next.protocol));
        put16(out, 0);
        append(out, address_bytes(layer.src, true));
        append(out, address_bytes(layer.dst, true));
        out.resize(header, 1); // no-operation options
        append(out, next.bytes);
        return {out, 4, 0x0800};
    }
    Built operator()(const ip6& layer) const {
        Bytes out{0x60, 0, 0, 0};
        put16(out, with_error(next.bytes.size(), layer.length_error));
        out.push_back(layer.next.value_or(next.protocol));
        out.push_back(64);
        append(out, address_bytes(layer.src, false));
        append(out, address_bytes(layer.dst, false));
        append(out, next.bytes);
        return {out, 41, 0x86dd};
    }
    Built operator()(const extension& layer) const {
        size_t size = 8 * (layer.words + 1);
        Bytes out{next.protocol, static_cast<uint8_t>(layer.type == 51 ? size / 4 - 2 : layer.words)};
        out.resize(size);
        append(out, next.bytes);
        return {out, layer.type};
    }
    Built operator()(const fragment6& layer) const {
        Bytes out{layer.next.value_or(next.protocol), 0};
        put16(out, static_cast<size_t>(layer.offset) << 3 | (layer.more ? 1 : 0));
        put32(out, layer.id);
        append(out, next.bytes);
        return {out, 44};
    }
    Built operator()(const udp& layer) const {
        Bytes out;
        put16(out, layer.sport);
        put16(out, layer.dport);
        put16(out, with_error(8 + next.bytes.size(), layer.length_error));
        put16(out, 0);
        append(out, next.bytes);
        return {out, 17};
    }
    Built operator()(const tcp& layer) const {
        Bytes out;
        put16(out, layer.sport);
        put16(out, layer.dport);
        put32(out, layer.sequence);
        put32(out, layer.acknowledgement);
        out.push_back(static_cast<uint8_t>((layer.doff + layer.option_words) << 4));
        out.push_back(layer.flags);
        out.resize(20);
        out.resize(20 + 4U * layer.option_words, 1); // no-operation options
        append(out, next.bytes);
        return {out, 6};
    }
    Built operator()(const raw& layer) const { return {layer.bytes}; }
};

} // namespace

Bytes Packet::bytes() const {
    Built built;
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) built = std::visit(Builder{built}, *layer);
    return built.bytes;
}

raw text(std::string_view sip) { return {{sip.begin(), sip.end()}}; }
raw filled(size_t length, uint8_t with) { return {Bytes(length, with)}; }
raw bytes_of(std::initializer_list<uint8_t> first, size_t length) {
    Bytes out(first);
    out.resize(length);
    return {out};
}
raw rtp(uint32_t ssrc, size_t length) {
    Bytes out{0x80, 8, 0, 1, 0, 0, 0, 160};
    put32(out, ssrc);
    out.resize(length, 0xd5);
    return {out};
}
raw rtcp() { return bytes_of({0x80, 200, 0, 6}, 28); }
raw stun() { return bytes_of({0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, 20); }

} // namespace ringwall::test
