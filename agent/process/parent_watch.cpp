// SPDX-License-Identifier: Apache-2.0
// The parent's eye on what others may take away from a running wall: programs of interfaces, pins, the control socket;
// and on the port of the metrics, which somebody may have. It looks each second, puts back what it can, and tells what
// it cannot.
#include <algorithm>

#include "agent/log.hpp"
#include "agent/process/parent.hpp"

namespace ringwall::agent {
namespace {

constexpr const char* taken_away = "taken away by somebody else";

auto& way_of(auto& interface, kernel::Hook hook) {
    return hook == kernel::Hook::tc_egress ? interface.egress : interface.ingress;
}

} // namespace

// An error is logged once, and stands in the briefing until it is over. True where some had to be made again.
bool Parent::keep_pins() {
    const int lock = datapath_->pins().lock_fd();
    const auto count = datapath_->keep_pins();
    // Another one, of a directory made anew: the old one was open until then, so that their numbers differ.
    if (datapath_->pins().lock_fd() != lock) send_worker(Message::lock, {}, datapath_->pins().lock_fd());
    const std::string error = count ? "" : count.error().message();
    if (count && *count > 0) {
        log::warn("pins.lost",
                  std::to_string(*count) + " pins below " + options_.pin_path + " were deleted: they are there again");
        if (!names_.empty()) remember_names(); // in a map of its own
    }
    const bool is_news = error != briefing_.pins_error;
    briefing_.pins_error = error;
    if (is_news && !error.empty())
        log::error("pins.lost", "pins were deleted and cannot be made again: " + error +
                                    "; calls go on, and a restart would begin without them: clear the way");
    if (is_news) brief_worker(Message::surroundings);
    return count && *count > 0;
}

// Before anything is attached again, so that it is told even where that is at once.
void Parent::note_lost() {
    for (const kernel::Lost& lost : datapath_->take_lost()) {
        const auto found = std::ranges::find(briefing_.interfaces, lost.ifindex, &control::Interface::ifindex);
        if (found == briefing_.interfaces.end()) continue;
        tell_lost(*found, lost.hook);
        way_of(*found, lost.hook) = "none";
        found->why = taken_away;
        ++briefing_.attachments_lost;
        attaching_.hurry(std::chrono::steady_clock::now());
    }
}

// Who takes it each second, another tool perhaps, does not set the pace of the log: only that of the wall, and the counter's.
void Parent::tell_lost(const control::Interface& interface, kernel::Hook hook) {
    const uint64_t times = losses_[{interface.ifindex, hook}].happened(std::chrono::steady_clock::now());
    if (times == 0) {
        lost_untold_.emplace(interface.ifindex, interface);
        return;
    }
    log::warn("attach.lost",
              interface.name + ": somebody has taken the " + kernel::name_of(hook) + " program (" +
                  way_of(interface, hook) + ") away" +
                  (times > 1 ? ", " + std::to_string(times) + " times since this was told last" : "") +
                  "; attaching it again",
              {{"interface", interface.name}, {"hook", kernel::name_of(hook)}});
}

void Parent::look_at_attachments() {
    const auto before = briefing_.interfaces;
    const auto lost = briefing_.attachments_lost;
    note_lost();
    const bool is_due = attaching_.is_due(std::chrono::steady_clock::now());
    if (is_due)
        if (const auto done = attach(surroundings_, config_.attach, kernel::OnFailure::leave_out); !done) {
            log::error("attach.refused", done.error().message());
            attaching_.failed(std::chrono::steady_clock::now());
        }
    if (briefing_.interfaces != before || briefing_.attachments_lost != lost) brief_worker(Message::surroundings);
    if (!is_due) return;
    link_events_->take(); // what this try has brought about is no reason for the next one
    look_at_interfaces();
}

void Parent::look_at_socket() {
    if (control_.is_found()) return;
    auto made = ControlSocket::listen(options_.socket);
    const std::string error = made ? "" : made.error().message();
    if (!made && error != control_error_)
        log::error("control.lost", "the control socket was deleted and cannot be made anew: " + error);
    control_error_ = error;
    if (!made) return;
    log::warn("control.lost", "the control socket " + options_.socket + " was deleted: it is there again");
    control_ = std::move(*made);
    send_worker(Message::listen, {}, control_.fd());
}

// Calls matter more than figures: a port that somebody else has is no reason not to protect anybody. When it is free again, the
// next look takes it.
void Parent::listen_for_scrapes() {
    if (scraped_ || !scraped_at_) return;
    auto listening = listen_on(*scraped_at_);
    const std::string error = listening ? "" : listening.error().message();
    if (!listening && error == briefing_.http_error) return; // which was told
    briefing_.http_error = error;
    if (listening) scraped_ = std::move(*listening);
    else log::error("http", error + ": no metrics and no health (http.listen); trying again each second");
    if (!worker_) return; // which begins with it
    if (scraped_) {
        log::info("http", "listening on " + scraped_at_->to_string() + " now");
        send_worker(Message::scrape, {}, scraped_.get());
    }
    brief_worker(Message::surroundings);
}

} // namespace ringwall::agent
