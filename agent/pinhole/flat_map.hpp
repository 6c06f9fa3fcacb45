// SPDX-License-Identifier: Apache-2.0
// By a number that is a keyed hash already, and never 0: open addressing in one piece of memory, as with a hundred
// thousand calls each place looked into is a wait for memory. Values move when others come and go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ringwall::pinhole {

template <class T>
class FlatMap {
public:
    struct Slot {
        uint64_t key = 0; // 0 = free
        T value{};
    };

    const T* find(uint64_t key) const {
        if (slots_.empty()) return nullptr;
        const Slot& slot = slots_[place_of(key)];
        return slot.key == key ? &slot.value : nullptr;
    }
    T* find(uint64_t key) { return const_cast<T*>(std::as_const(*this).find(key)); }
    // It will be asked for soon: fetched from memory meanwhile.
    void expect(uint64_t key) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[key & mask()]);
    }
    bool contains(uint64_t key) const { return find(key) != nullptr; }
    // Where there was none, a new one.
    T& operator[](uint64_t key) {
        if (4 * (size_ + 1) > 3 * slots_.size()) grow();
        Slot& slot = slots_[place_of(key)];
        size_ += slot.key == 0;
        slot.key = key;
        return slot.value;
    }
    void erase(uint64_t key) {
        if (slots_.empty()) return;
        size_t hole = place_of(key);
        if (slots_[hole].key == 0) return;
        // What stands behind it because this place was taken moves up.
        for (size_t at = next(hole); slots_[at].key != 0; at = next(at)) {
            const size_t wanted = slots_[at].key & mask();
            if (((at - wanted) & mask()) < ((at - hole) & mask())) continue;
            slots_[hole] = std::move(slots_[at]);
            hole = at;
        }
        slots_[hole] = Slot{};
        --size_;
    }
    size_t size() const { return size_; }
    template <class F>
    void each(F f) const {
        for (const Slot& slot : slots_)
            if (slot.key != 0) f(slot.key, slot.value);
    }

private:
    size_t mask() const { return slots_.size() - 1; }
    size_t next(size_t place) const { return (place + 1) & mask(); }
    // Its own, or the free one that it would get.
    size_t place_of(uint64_t key) const {
        size_t place = key & mask();
        while (slots_[place].key != 0 && slots_[place].key != key) place = next(place);
        return place;
    }
    void grow() {
        std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 16 : 2 * slots_.size()));
        for (Slot& slot : old)
            if (slot.key != 0) slots_[place_of(slot.key)] = std::move(slot);
    }
    std::vector<Slot> slots_; // a power of two
    size_t size_ = 0;
};

} // namespace ringwall::pinhole
