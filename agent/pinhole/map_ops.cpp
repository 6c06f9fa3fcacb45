// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/map_ops.hpp"

#include <cstring>

namespace ringwall::pinhole {
namespace {

template <class T>
void extend(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

constexpr size_t most_kept = 1024; // a restart's are a hundred thousand, once

template <class T>
void empty_out(std::vector<T>& all) {
    if (all.capacity() > most_kept) all = {};
    all.clear();
}

template <class Key>
struct operation operation_on(uint32_t code, const Key& key) {
    static_assert(sizeof(Key) <= sizeof(operation::key));
    struct operation operation{};
    operation.code = code;
    std::memcpy(operation.key, &key, sizeof key);
    return operation;
}

template <class Key, class Value>
struct operation operation_on(uint32_t code, const Key& key, const Value& value) {
    static_assert(sizeof(Value) <= sizeof(operation::value));
    struct operation operation = operation_on(code, key);
    std::memcpy(operation.value, &value, sizeof value);
    return operation;
}

} // namespace

void MapOps::append(const MapOps& later) {
    extend(peer_sets, later.peer_sets);
    extend(operations, later.operations);
    // Puts are carried out before deletes: one that is put again stays.
    if (!delete_dialogs.empty())
        for (const auto& [leg, record] : later.put_dialogs) std::erase(delete_dialogs, leg);
    extend(put_dialogs, later.put_dialogs);
    extend(delete_dialogs, later.delete_dialogs);
    if (later.ceilings) ceilings = later.ceilings;
}

void MapOps::clear() {
    empty_out(peer_sets);
    empty_out(operations);
    empty_out(put_dialogs);
    empty_out(delete_dialogs);
    ceilings.reset();
}

struct operation insert_pinhole(const struct pinhole_key& key, const struct pinhole& value) {
    return operation_on(OP_INSERT_PINHOLE, key, value);
}

struct operation change_pinhole(const struct pinhole_key& key, const struct pinhole& value, uint32_t fields) {
    struct operation operation = operation_on(OP_CHANGE_PINHOLE, key, value);
    operation.fields = fields;
    return operation;
}

struct operation delete_pinhole(const struct pinhole_key& key) { return operation_on(OP_DELETE_PINHOLE, key); }

struct operation put_known(const struct known_key& key, const struct known& value) {
    return operation_on(OP_PUT_KNOWN, key, value);
}

struct operation delete_known(const struct known_key& key) { return operation_on(OP_DELETE_KNOWN, key); }

struct operation put_learned(const struct pinhole_key& key, const struct learned_port& value) {
    return operation_on(OP_PUT_LEARNED, key, value);
}

struct operation delete_learned(const struct pinhole_key& key) { return operation_on(OP_DELETE_LEARNED, key); }

struct operation put_ban(const struct ban_key& key, const struct ban& value) {
    return operation_on(OP_PUT_BAN, key, value);
}

struct operation delete_ban(const struct ban_key& key) { return operation_on(OP_DELETE_BAN, key); }

struct operation clear_ban_hints(uint32_t page) { return operation_on(OP_CLEAR_BAN_HINTS, page); }

struct operation put_external(const struct pinhole_key& inside, const struct external& value) {
    return operation_on(OP_PUT_EXTERNAL, inside, value);
}

struct operation delete_external(const struct pinhole_key& inside) { return operation_on(OP_DELETE_EXTERNAL, inside); }

struct operation end_dialog(uint64_t leg, uint64_t now_ns) { return operation_on(OP_END_DIALOG, leg, now_ns); }

struct operation change_dialog(uint64_t leg, const struct dialog_record& record, size_t begin) {
    struct operation operation = operation_on(OP_CHANGE_DIALOG, leg);
    operation.fields = static_cast<uint32_t>(begin / sizeof *operation.value);
    std::memcpy(operation.value, reinterpret_cast<const char*>(&record) + begin, sizeof operation.value);
    return operation;
}

void change(struct dialog_record& record, const struct operation& operation) {
    std::memcpy(reinterpret_cast<char*>(&record) + operation.fields * sizeof *operation.value, operation.value,
                sizeof operation.value);
}

} // namespace ringwall::pinhole
