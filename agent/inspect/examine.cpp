// SPDX-License-Identifier: Apache-2.0
// What there is to know, as values for the checks.
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/cli/words.hpp"
#include "agent/inspect/answer.hpp"
#include "agent/inspect/doctor.hpp"
#include "agent/inspect/in_force.hpp"
#include "agent/inspect/local_ports.hpp"
#include "agent/inspect/owners.hpp"
#include "agent/kernel/addresses.hpp"
#include "agent/kernel/clsact.hpp"
#include "agent/kernel/datapath.hpp"
#include "agent/process/config_files.hpp"

namespace ringwall::inspect {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::string kernel_release() {
    utsname name{};
    return uname(&name) == 0 ? name.release : "";
}

// The nearest directory that exists.
bool is_on_bpffs(fs::path path) {
    struct statfs about{};
    while (!path.empty() && path != path.parent_path() && statfs(path.c_str(), &about) != 0) path = path.parent_path();
    return statfs(path.c_str(), &about) == 0 && static_cast<unsigned long>(about.f_type) == BPF_FS_MAGIC;
}

std::vector<std::string> loaded_modules() {
    std::vector<std::string> names;
    std::ifstream modules("/proc/modules");
    for (std::string line; std::getline(modules, line);) names.push_back(line.substr(0, line.find(' ')));
    return names;
}

bool is_clock_kept() {
    timex state{};
    return adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
}

std::string line_in(const std::string& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

uint64_t number_in(const std::string& path) {
    uint64_t value = 0;
    std::ifstream(path) >> value;
    return value;
}

std::set<std::pair<Protocol, Endpoint>> pinholes_of(const std::string& socket) {
    std::set<std::pair<Protocol, Endpoint>> all;
    const auto document = answer_of(socket, "/api/v1/pinholes");
    if (!document || !document->is_array()) return all;
    for (const json::value& each : document->get_array())
        if (const auto local = Endpoint::parse(cli::text(each, "local")))
            all.emplace(cli::text(each, "proto") == to_string(Protocol::tcp) ? Protocol::tcp : Protocol::udp, *local);
    return all;
}

// A call's socket that was closed while owners were looked for has none, and is gone.
void look_at_sockets(Patient& patient) {
    patient.listeners = listeners();
    patient.sees_all_owners = find_owners(patient.listeners);
    std::set<uint64_t> still;
    for (const Listener& each : listeners()) still.insert(each.inode);
    std::erase_if(patient.listeners,
                  [&](const Listener& each) { return each.owners.empty() && !still.contains(each.inode); });
}

// What the next start would meet, by the files as they are now; their own mistakes are told elsewhere.
std::string trouble_of_pins(const agent::Options& options) {
    if (const auto pinned = kernel::require_pinned(options.pin_path); !pinned) return pinned.error().message();
    const auto files = agent::read_config(options.config);
    if (!files) return {};
    const auto config = policy::read(*files);
    if (!config) return {};
    const auto fits = kernel::check_tables(options.pin_path, config->tables);
    return fits ? std::string() : fits.error().message();
}

void look_at_configuration(const agent::Options& options, Patient& patient) {
    const auto config = in_force(options);
    if (!config) {
        patient.config_trouble = config.error().what;
        return;
    }
    patient.changed_file = config->changed;
    patient.config_warnings = config->plan.config.warnings;
    patient.policy = config->view();
    if (const auto addresses = kernel::list_addresses())
        patient.own = kernel::addresses_of(config->plan.surroundings.reached, *addresses);
    patient.left_out = config->plan.surroundings.left_out;
    patient.twice = config->plan.surroundings.twice;
    for (const auto& device : config->plan.surroundings.devices) {
        const std::string statistics = "/sys/class/net/" + device.device.name + "/statistics/";
        for (const auto hook : {kernel::Hook::tc_ingress, kernel::Hook::tc_egress})
            if (auto before =
                    kernel::filters_before(device.device.index, hook, kernel::filter_handle(options.pin_path));
                !before.empty())
                patient.before.emplace_back(device.device.name, std::move(before));
        if (!device.is_watched)
            patient.missed.emplace_back(device.device.name, number_in(statistics + "rx_missed_errors") +
                                                                number_in(statistics + "rx_fifo_errors"));
    }
}

} // namespace

Patient examine(const agent::Options& options) {
    Patient patient;
    patient.kernel = kernel_release();
    patient.has_btf = fs::exists("/sys/kernel/btf/vmlinux");
    patient.has_bpffs = is_on_bpffs(options.pin_path);
    patient.is_clock_set = is_clock_kept();
    patient.chosen = chosen_ports(line_in("/proc/sys/net/ipv4/ip_local_port_range"),
                                  line_in("/proc/sys/net/ipv4/ip_local_reserved_ports"));
    patient.modules = loaded_modules();
    look_at_sockets(patient);
    patient.now_s = std::time(nullptr);
    patient.pin_path = options.pin_path;
    patient.socket = options.socket;
    if (geteuid() == 0) patient.pin_trouble = trouble_of_pins(options);
    patient.left_filters = kernel::left_filters(options.pin_path);
    if (access(options.socket.c_str(), R_OK | W_OK) != 0 && errno == EACCES)
        patient.socket_trouble = options.socket + ": permission denied";
    patient.status = answer_of(options.socket, "/api/v1/status");
    if (patient.status) patient.pinholes = pinholes_of(options.socket);
    look_at_configuration(options, patient);
    return patient;
}

} // namespace ringwall::inspect
