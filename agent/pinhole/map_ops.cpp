// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/map_ops.hpp"

#include <cstring>
#include <iterator>

namespace ringwall::pinhole {
namespace {

template <class T>
void extend(std::vector<T>& to, std::vector<T>&& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
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

void MapOps::append(MapOps&& later) {
    extend(peer_sets, std::move(later.peer_sets));
    extend(operations, std::move(later.operations));
    extend(put_dialogs, std::move(later.put_dialogs));
    extend(delete_dialogs, std::move(later.delete_dialogs));
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

} // namespace ringwall::pinhole
