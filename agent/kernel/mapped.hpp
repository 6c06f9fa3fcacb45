// SPDX-License-Identifier: Apache-2.0
// A mmapable BPF array as memory. Elements stand at a stride of their size rounded up to eight (array_map_alloc()).
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "maps/net/result.hpp"

namespace ringwall::kernel {

template <class T>
class MappedArray {
    static_assert(sizeof(T) % 8 == 0, "the stride is the size");

public:
    static Result<MappedArray> map(int fd, size_t count, const std::string& name) {
        void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED) return fail_errno(errno, "map the BPF array " + name + " into memory");
        return MappedArray(static_cast<T*>(memory), count);
    }
    MappedArray(MappedArray&& other) noexcept
        : elements_(std::exchange(other.elements_, nullptr)), count_(other.count_) {}
    MappedArray& operator=(MappedArray&& other) noexcept {
        std::swap(elements_, other.elements_);
        std::swap(count_, other.count_);
        return *this;
    }
    ~MappedArray() {
        if (elements_ != nullptr) munmap(elements_, count_ * sizeof(T));
    }

    T& operator[](size_t index) { return elements_[index]; }
    const T& operator[](size_t index) const { return elements_[index]; }
    size_t size() const { return count_; }

private:
    MappedArray(T* elements, size_t count) : elements_(elements), count_(count) {}
    T* elements_;
    size_t count_;
};

} // namespace ringwall::kernel
