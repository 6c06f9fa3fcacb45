// SPDX-License-Identifier: Apache-2.0
// The configuration in the parent: brought into force as a whole or not at all, at the start, by a command or a signal, and
// when its files change.
#include <chrono>
#include <ctime>
#include <filesystem>
#include <thread>

#include "agent/log.hpp"
#include "agent/process/log_settings.hpp"
#include "agent/process/parent.hpp"
#include "agent/process/shared_table.hpp"

namespace ringwall::agent {
namespace {

constexpr std::chrono::milliseconds first_look{250}; // a dozen packets of speech

} // namespace

// Attachments first: where one is refused, the policy in force is still the one before.
Result<void> Parent::put_into_force(const Plan& plan) {
    if (auto fits = datapath_->check_tables(plan.config.tables); !fits) return fits;
    for (const auto& warning : plan.config.warnings) log::warn("config", policy::to_string(warning));
    for (const auto& warning : plan.surroundings.warnings) log::warn("config", warning);
    const bool has_calls =
        !was_ready_ && datapath_->took_over(); // which need an agent, whatever else has come to be since
    auto done = attach(plan.surroundings, plan.config.attach,
                       has_calls ? kernel::OnFailure::leave_out : kernel::OnFailure::refuse_all);
    if (done) done = write(plan.compiled);
    if (!done) { // interfaces may have other programs by now: those of watched ones, say
        if (was_ready_) attach_now(surroundings_, config_.attach, kernel::OnFailure::leave_out);
        return done;
    }
    if (was_ready_ && plan.config.http != scraped_at_)
        log::warn("config", "http.listen takes effect with the next start of the agent");
    configure_log(plan.config.log, datapath_->secret());
    config_ = plan.config;
    surroundings_ = plan.surroundings;
    following_.over();
    follow_error_.clear();
    lists_ = plan.known.lists;
    watch_lists();
    follow_names();
    briefing_.config_path = std::filesystem::absolute(options_.config).string(); // who asks is elsewhere
    briefing_.pins_path = options_.pin_path;
    briefing_.config = plan.files;
    briefing_.self = plan.surroundings.self;
    briefing_.loaded_s = std::time(nullptr);
    return {};
}

// Calls that were up before the wall have ways back alone, and a PBX that passes on what it hears begins none once nothing
// gets in: neither side would be heard again. So a new wall monitors, until who talks has sent a few packets.
Result<void> Parent::put_new_wall_into_force(Plan plan) {
    const struct wall wanted = plan.compiled.wall;
    plan.compiled.wall.flags |= WALL_MONITOR;
    if (auto done = put_into_force(plan); !done || (wanted.flags & WALL_MONITOR)) return done;
    std::this_thread::sleep_for(first_look);
    return datapath_->write(wanted);
}

Result<Fd> Parent::table_of(const policy::Compiled& compiled) {
    return share_table(policy::Lookup::image_of(compiled.networks, compiled.stated));
}

Result<void> Parent::write(const policy::Compiled& compiled) {
    auto table = table_of(compiled);
    if (!table) return tl::make_unexpected(table.error());
    if (auto written = datapath_->write(compiled); !written) return written;
    table_ = std::move(*table);
    ++briefing_.table;
    return {};
}

void Parent::on_file_events() {
    const FileWatch::Events events = file_watch_->take_events(lists_);
    take_lists(events.lists);
    if (!events.others.empty()) config_watch_.touched(events.others, std::chrono::steady_clock::now());
}

// Where `auto_reload` is off, a change waits for the command; it is no news when that is turned on.
void Parent::look_at_configuration() {
    if (!config_watch_.look(std::chrono::steady_clock::now(), file_watch_->being_written())) return;
    if (config_.auto_reload) reload();
    else config_watch_.about_to_load();
}

// The kernel first, then the worker: on error nothing has changed, and the worker hears why.
void Parent::reload() {
    manager_.reloading();
    config_watch_.about_to_load(); // before it is read: what changes meanwhile is news
    std::string error;
    bool is_configuration = false;
    if (const auto plan = make_plan(options_.config, known()); !plan) {
        error = plan.error().what;
        is_configuration = plan.error().is_configuration;
    } else if (const auto done = put_into_force(*plan); !done) {
        error = done.error().message();
    }
    if (error.empty()) log::info("config.reload", options_.config + " is in force");
    else log::error("config.refused", "the policy before stays: " + error);
    briefing_.config_error = error;
    briefing_.is_config_refused = is_configuration;
    if (worker_) briefing_.reloads_answered = worker_->reloads_asked;
    brief_worker(error.empty() ? Message::policy : Message::surroundings);
    manager_.status(error.empty() ? "" : "the last reload was refused, see `ringwall check`");
    manager_.ready();
}

} // namespace ringwall::agent
