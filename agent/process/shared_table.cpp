// SPDX-License-Identifier: Apache-2.0
#include "agent/process/shared_table.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace ringwall::agent {
namespace {

constexpr unsigned final_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

} // namespace

Result<Fd> share_table(std::string_view image) {
    Fd table(memfd_create("ringwall-networks", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!table) return fail_errno(errno, "make memory for the table of networks");
    while (!image.empty()) {
        const ssize_t written = write(table.get(), image.data(), image.size());
        if (written < 0 && errno != EINTR) return fail_errno(errno, "write the table of networks");
        image.remove_prefix(written > 0 ? static_cast<size_t>(written) : 0);
    }
    if (fcntl(table.get(), F_ADD_SEALS, final_seals) != 0) return fail_errno(errno, "seal the table of networks");
    return table;
}

Result<policy::Lookup> read_table(Fd table) {
    const off_t end = table ? lseek(table.get(), 0, SEEK_END) : -1; // the worker may no more than that
    if (end <= 0) return fail("the parent sent no table");
    const auto size = static_cast<size_t>(end);
    void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, table.get(), 0);
    if (memory == MAP_FAILED) return fail_errno(errno, "map the table of networks");
    const std::shared_ptr<const void> keeper(memory, [size](void* mapped) { munmap(mapped, size); });
    return policy::Lookup::over({static_cast<const char*>(memory), size}, keeper);
}

} // namespace ringwall::agent
