// SPDX-License-Identifier: Apache-2.0
// An owner of pinholes as a restart needs it, and back: the element of the map `dialogs`. Lost on the way: more claims
// than CLAIMS_PER_LEG (their holes drain after a restart), and an outside offer of more than OFFERED_PEERS_PER_LEG
// endpoints.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialog/leg.hpp"
#include "maps/abi/operation.h"

namespace ringwall::dialog {

void write(const Leg& leg, struct dialog_record& record); // which is all zero
Put put_of(const struct dialog_record& record);
// What may differ between the record that stands and this one, as operations that change it in place. For all of them to
// be carried out at once they stay next to each other.
void write_changes(LegId id, const Put& before, const Put& now, const struct dialog_record& record,
                   std::vector<struct operation>& operations);
Leg leg_of(LegId id, const struct dialog_record& record, const std::vector<pinhole::Claim>& claims,
           const policy::View& policy);

// The first CLAIMS_PER_LEG.
void store_claims(const std::vector<pinhole::Claim>& claims, struct dialog_record& record);
// Who may send to those, as far as the room that an outside offer does not need goes. Without it an owner that a restart
// finds takes over what its pinhole has, of other owners too.
void store_senders(const std::vector<pinhole::Claim>& claims, struct dialog_record& record);
void load_senders(const struct dialog_record& record, size_t index, pinhole::Claim& claim);

// Longer texts are left out.
template <size_t N>
void store(char (&field)[N], std::string_view text) {
    if (text.size() < N) std::memcpy(field, text.data(), text.size());
}

template <size_t N>
std::string_view as_text(const char (&field)[N]) {
    return {field, strnlen(field, N)};
}
template <size_t N>
std::string load(const char (&field)[N]) {
    return std::string(as_text(field));
}

} // namespace ringwall::dialog
