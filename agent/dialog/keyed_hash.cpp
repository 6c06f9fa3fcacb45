// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/keyed_hash.hpp"

#include <sodium/crypto_shorthash.h>

#include <cstring>
#include <vector>

namespace ringwall::dialog {

uint64_t KeyedHash::operator()(std::initializer_list<std::string_view> parts) const {
    size_t size = 0;
    for (const std::string_view part : parts) size += sizeof(uint32_t) + part.size();
    std::array<unsigned char, 512> room; // a few hashes a message: what is usual allocates nothing
    std::vector<unsigned char> more(size > room.size() ? size : 0);
    unsigned char* const bytes = more.empty() ? room.data() : more.data();
    unsigned char* end = bytes;
    for (const std::string_view part : parts) {
        const auto length = static_cast<uint32_t>(part.size());
        std::memcpy(end, &length, sizeof length);
        if (length != 0) std::memcpy(end + sizeof length, part.data(), length);
        end += sizeof length + length;
    }
    unsigned char key[crypto_shorthash_KEYBYTES], hash[crypto_shorthash_BYTES];
    static_assert(sizeof key == sizeof secret_ && sizeof hash == sizeof(uint64_t));
    std::memcpy(key, secret_.data(), sizeof key);
    crypto_shorthash(hash, bytes, size, key);
    uint64_t value;
    std::memcpy(&value, hash, sizeof value);
    return value ? value : 1;
}

} // namespace ringwall::dialog
