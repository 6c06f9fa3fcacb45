// SPDX-License-Identifier: Apache-2.0
// One reconciliation of the attachments: what was there, what this one has added (so that an error can take it back),
// and what is to be kept when it is done.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/links.hpp"

namespace ringwall::kernel {

enum class XdpOutcome { attached, other_mode };

class Attaching {
public:
    struct Mark {
        size_t pins = 0, filters = 0;
    };

    Attaching(const Pins& pins, uint32_t wall, const ProgramFor& program_for)
        : pins_(pins), wall_(wall), program_for_(program_for), present_(read_pinned(pins)) {}

    // The hook has our program: updated, or added. "tcx" or "clsact".
    Result<std::string> ensure_tc(const Selected& selected, Hook hook);
    // Likewise, in native or generic mode. `other_mode`: ours is there, in the other one, and untouched.
    Result<XdpOutcome> ensure_xdp(const Selected& selected, bool is_generic);
    bool is_there(const Selected& selected) const; // the interface still exists

    void change_xdp_mode_later(const Selected& selected) { mode_changes_.insert(selected.device.index); }
    bool changes_xdp_mode(int ifindex) const { return mode_changes_.contains(ifindex); }

    Mark mark() const { return {added_pins_.size(), added_filters_.size()}; }
    void take_back(Mark from);
    void keep_all_of(const Selected& selected); // what it had stays as it is
    void drop(int ifindex, Hook hook);
    void remove_others(); // all that no ensure_ has named

private:
    using Place = std::pair<int, Hook>; // ifindex

    Result<bool> update_present(const Selected& selected, Hook hook, int program_fd);
    bool uses_clsact(int program_fd);
    Result<std::string> ensure_clsact(const Selected& selected, Hook hook, int program_fd);
    void remove_filters();

    const Pins& pins_;
    uint32_t wall_;
    const ProgramFor& program_for_;
    std::vector<PinnedLink> present_;
    std::vector<std::string> added_pins_;
    std::vector<Place> added_filters_;
    std::set<Place> kept_;
    std::set<int> mode_changes_;
    std::optional<bool> has_tcx_; // unknown until a TC program is at hand to ask with
};

} // namespace ringwall::kernel
