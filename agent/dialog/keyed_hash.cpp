// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/keyed_hash.hpp"

#include <sodium/crypto_shorthash.h>

#include <cstring>
#include <string>

namespace ringwall::dialog {

uint64_t KeyedHash::operator()(std::initializer_list<std::string_view> parts) const {
    std::string bytes;
    for (const std::string_view part : parts) {
        const uint64_t length = part.size();
        bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
        bytes.append(part);
    }
    unsigned char key[crypto_shorthash_KEYBYTES], hash[crypto_shorthash_BYTES];
    static_assert(sizeof key == sizeof secret_ && sizeof hash == sizeof(uint64_t));
    std::memcpy(key, secret_.data(), sizeof key);
    crypto_shorthash(hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key);
    uint64_t value;
    std::memcpy(&value, hash, sizeof value);
    return value ? value : 1;
}

} // namespace ringwall::dialog
