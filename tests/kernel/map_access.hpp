// SPDX-License-Identifier: Apache-2.0
// Maps by descriptor, for tests: what fails throws.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace ringwall::test {

inline void require(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

template <typename Value, typename Key>
Value look_up(int fd, const Key& key) {
    Value value{};
    bpf_map_lookup_elem(fd, &key, &value); // zero where there is none
    return value;
}
template <typename Key, typename Value>
void put(int fd, const Key& key, const Value& value) {
    require(bpf_map_update_elem(fd, &key, &value, BPF_ANY) == 0, "update");
}
// An array's first elements, and some from `first` on, each by one system call.
template <typename Value>
std::vector<Value> get_all(int fd, uint32_t wanted) {
    std::vector<uint32_t> keys(wanted);
    std::vector<Value> values(wanted);
    uint32_t batch = 0, count = wanted;
    bpf_map_lookup_batch(fd, nullptr, &batch, keys.data(), values.data(), &count, nullptr); // says ENOENT at the end
    require(count == wanted, "look up a batch");
    return values;
}
template <typename Value>
void put_all(int fd, uint32_t first, const std::vector<Value>& values) {
    std::vector<uint32_t> keys(values.size());
    std::iota(keys.begin(), keys.end(), first);
    auto count = static_cast<uint32_t>(keys.size());
    require(bpf_map_update_batch(fd, keys.data(), values.data(), &count, nullptr) == 0, "update a batch");
}
template <typename Value, typename Change>
void change_all(int fd, uint32_t count, Change change) {
    auto values = get_all<Value>(fd, count);
    for (Value& value : values) change(value);
    put_all(fd, 0, values);
}
template <typename Key>
void clear(int fd) {
    Key key;
    while (bpf_map_get_next_key(fd, nullptr, &key) == 0) bpf_map_delete_elem(fd, &key);
}
template <typename Value>
std::vector<Value> per_cpu(int fd, uint32_t index) {
    std::vector<Value> values(static_cast<size_t>(libbpf_num_possible_cpus()));
    require(bpf_map_lookup_elem(fd, &index, values.data()) == 0, "per-CPU lookup");
    return values;
}

} // namespace ringwall::test
