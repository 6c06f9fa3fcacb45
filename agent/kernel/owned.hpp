// SPDX-License-Identifier: Apache-2.0
// BPF skeletons that C++ owns, and how one is loaded: the live wall's objects and replay's differ in what goes before.
#pragma once

#include <cerrno>
#include <memory>
#include <string>

#include "maps/net/result.hpp"

namespace ringwall::kernel {

template <class Skeleton, void (*destroy)(Skeleton*)>
struct Destroy {
    void operator()(Skeleton* skeleton) const { destroy(skeleton); }
};
template <class Skeleton, void (*destroy)(Skeleton*)>
using Owned = std::unique_ptr<Skeleton, Destroy<Skeleton, destroy>>;

// `prepare(skeleton)` sets what the verifier and the maps must know first; its error is the result. The skeleton is null
// where opening it failed, with errno.
template <class Skeleton, class Prepare>
Result<void> load_one(Skeleton* skeleton, int (*load)(Skeleton*), const char* what, Prepare prepare) {
    if (skeleton == nullptr) return fail_errno(errno, std::string("open the BPF object ") + what);
    if (auto prepared = prepare(skeleton); !prepared) return prepared;
    if (const int failed = load(skeleton); failed != 0)
        return fail_errno(-failed, std::string("load the BPF object ") + what +
                                       " (libbpf's lines say where; Linux 6.1 or later and CAP_BPF, CAP_NET_ADMIN, "
                                       "CAP_PERFMON are needed)");
    return {};
}

} // namespace ringwall::kernel
