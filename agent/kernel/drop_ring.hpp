// SPDX-License-Identifier: Apache-2.0
// The ring of samples of what drops (maps/abi/drop.h), and the word that asks for more of them.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string_view>

#include "agent/kernel/mapped.hpp"
#include "agent/kernel/maps.hpp"
#include "maps/abi/drop.h"
#include "maps/net/result.hpp"

struct ring_buffer;

namespace ringwall::kernel {

class DropRing {
public:
    using OnSample =
        std::function<void(const struct drop_sample&, std::string_view bytes)>; // may throw; read() then does
    static Result<std::unique_ptr<DropRing>> open(const MapSource& source, OnSample on_sample);
    ~DropRing();

    void read(); // some of those that are there
    void capture_until(uint64_t monotonic_ns);

private:
    struct FreeRing {
        void operator()(ring_buffer* ring) const;
    };
    DropRing(OnSample on_sample, MappedArray<struct sampling> sampling)
        : on_sample_(std::move(on_sample)), sampling_(std::move(sampling)) {}
    static int on_record(void* self, void* bytes, size_t size);

    OnSample on_sample_;
    MappedArray<struct sampling> sampling_;
    std::unique_ptr<ring_buffer, FreeRing> ring_;
    int left_ = 0;
    std::exception_ptr thrown_;
};

} // namespace ringwall::kernel
