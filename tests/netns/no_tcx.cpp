// SPDX-License-Identifier: Apache-2.0
// Preloaded into the program under test, libbpf attaches nothing by tcx, as on Linux before 6.6: the wall's way is clsact.
#include <dlfcn.h>

#include <cerrno>

namespace {
constexpr unsigned tcx_ingress = 46, tcx_egress = 47; // BPF_TCX_INGRESS, BPF_TCX_EGRESS
} // namespace

extern "C" int bpf_link_create(int program, int target, unsigned type, const void* options) {
    if (type == tcx_ingress || type == tcx_egress) {
        errno = EINVAL;
        return -EINVAL;
    }
    using Function = int (*)(int, int, unsigned, const void*);
    static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "bpf_link_create"));
    return real(program, target, type, options);
}
