// SPDX-License-Identifier: Apache-2.0
// The two values that pass between the core and the maps: what is there (Present), and what shall change (MapOps).
// kernel::Maps fills the one and carries out the other; replay and the tests do so with plain containers.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "maps/abi/ban.h"
#include "maps/abi/ceiling.h"
#include "maps/abi/dialog.h"
#include "maps/abi/operation.h"
#include "maps/abi/party.h"
#include "maps/abi/pinhole.h"

namespace ringwall::pinhole {

// Carried out in this order: peer_sets, operations, put_dialogs, delete_dialogs.
struct MapOps {
    std::vector<std::pair<uint32_t, struct peer_set>> peer_sets;        // slot, contents; no ctl names the slot yet
    std::vector<struct operation> operations;                           // `result` is filled in by the applier
    std::vector<std::pair<uint64_t, struct dialog_record>> put_dialogs; // by leg id
    std::vector<uint64_t> delete_dialogs;
    std::optional<struct call_ceilings> ceilings; // with the operations

    bool empty() const {
        return peer_sets.empty() && operations.empty() && put_dialogs.empty() && delete_dialogs.empty() && !ceilings;
    }
    void append(const MapOps& later);
    void clear(); // keeps its memory
};

// A hole as it stands, with the peers that its ctl names (one for the inline peer).
struct PresentPinhole {
    struct pinhole_key key;
    struct pinhole value;
    struct peer_set peers;
};

struct Present {
    std::vector<PresentPinhole> pinholes;
    std::vector<std::pair<uint64_t, struct dialog_record>> dialogs;
    std::vector<std::pair<struct known_key, struct known>> known;
    std::vector<std::pair<struct pinhole_key, struct learned_port>> learned;
    std::vector<std::pair<struct pinhole_key, struct external>> externals;
};

struct operation insert_pinhole(const struct pinhole_key& key, const struct pinhole& value);
// `fields` are enum operation_field; ctl is always exchanged.
struct operation change_pinhole(const struct pinhole_key& key, const struct pinhole& value, uint32_t fields);
struct operation delete_pinhole(const struct pinhole_key& key);
struct operation put_known(const struct known_key& key, const struct known& value);
struct operation delete_known(const struct known_key& key);
struct operation put_learned(const struct pinhole_key& key, const struct learned_port& value);
struct operation delete_learned(const struct pinhole_key& key);
struct operation put_ban(const struct ban_key& key, const struct ban& value);
struct operation delete_ban(const struct ban_key& key);
struct operation clear_ban_hints(uint32_t page);
struct operation put_external(const struct pinhole_key& inside, const struct external& value);
struct operation delete_external(const struct pinhole_key& inside);
struct operation end_dialog(uint64_t leg, uint64_t now_ns); // whose record has been put
// What one operation holds of `record`, from its byte `begin` on, a multiple of 8.
struct operation change_dialog(uint64_t leg, const struct dialog_record& record, size_t begin);
void change(struct dialog_record& record, const struct operation& change_dialog); // as the program does

} // namespace ringwall::pinhole
