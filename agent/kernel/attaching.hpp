// SPDX-License-Identifier: Apache-2.0
// One reconciliation of the attachments: what was there, what this one has added (so that an error can take it back),
// and what is to be kept when it is done.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/clsact.hpp"
#include "agent/kernel/links.hpp"

namespace ringwall::kernel {

enum class XdpWay { native, generic, dispatcher };
const char* name_of(XdpWay way); // "xdp native", …

enum class XdpOutcome { attached, other_way };

class Attaching {
public:
    struct Mark {
        size_t pins = 0, filters = 0, joined = 0;
    };

    Attaching(const Pins& pins, Dispatcher& dispatcher, const Programs& programs)
        : pins_(pins),
          handle_(filter_handle(pins.root())),
          dispatcher_(dispatcher),
          programs_(programs),
          present_(read_pinned(pins)),
          dispatched_(dispatcher.interfaces()) {}

    // The hook has our program: updated, or added. "tcx" or "clsact".
    Result<std::string> ensure_tc(const Selected& selected, Hook hook);
    // Likewise, in this way. `other_way`: ours is there, in another one, and untouched.
    Result<XdpOutcome> ensure_xdp(const Selected& selected, XdpWay way);
    bool is_there(const Selected& selected) const; // the interface still exists

    void change_xdp_way_later(const Selected& selected) { way_changes_.insert(selected.device.index); }
    bool changes_xdp_way(int ifindex) const { return way_changes_.contains(ifindex); }

    Mark mark() const { return {added_pins_.size(), added_filters_.size(), joined_.size()}; }
    void take_back(Mark from);
    void keep_all_of(const Selected& selected); // what it had stays as it is, and so does what it stands on, or under
    Attachment refused(const Selected& selected, std::string why) const; // with what it had
    void drop(int ifindex, Hook hook);
    void remove_others(); // all that no ensure_ has named

private:
    using Place = std::pair<int, Hook>; // ifindex

    std::optional<XdpWay> way_of(int ifindex) const; // that ours is there in
    bool has_link(int ifindex, Hook hook) const;
    const char* tc_way_of(int ifindex, Hook hook) const;
    Result<void> ensure_link(const Selected& selected, XdpWay way);
    Result<void> ensure_joined(const Selected& selected);
    Result<bool> update_present(const Selected& selected, Hook hook, int program_fd);
    bool uses_clsact(int program_fd);
    Result<std::string> ensure_clsact(const Selected& selected, Hook hook, int program_fd);
    void remove_filters();

    const Pins& pins_;
    uint32_t handle_; // of our clsact filters
    Dispatcher& dispatcher_;
    const Programs& programs_;
    std::vector<PinnedLink> present_;
    std::vector<int> dispatched_; // interfaces where ours is in libxdp's dispatcher
    std::vector<std::string> added_pins_;
    std::vector<Place> added_filters_;
    std::vector<int> joined_;
    std::set<Place> kept_;
    std::set<int> way_changes_;
    std::optional<bool> has_tcx_; // unknown until a TC program is at hand to ask with
};

} // namespace ringwall::kernel
