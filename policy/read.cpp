// SPDX-License-Identifier: Apache-2.0
// From text to configuration: the files as a tree, the tree against the schema, then section by section what the values
// mean. The schema knows the keys; a key of it that nothing here asks for is a mistake of ours, and said.
#include <algorithm>
#include <tuple>

#include "policy/checks.hpp"
#include "policy/merge.hpp"
#include "policy/sections.hpp"
#include "policy/shape.hpp"
#include "policy/user_agents.hpp"

namespace ringwall::policy {
namespace {

void read_protected_networks(const Value& networks, Config& config) {
    for (const Value& item : networks.items()) {
        if (item.is("self")) config.protect_self = true;
        else if (const auto network = read_network(item)) config.protect.push_back(*network);
    }
}

void read_external(const Value& external, Config& config) {
    config.learns_external = external.is("auto");
    for (const Node::Entry& entry : external.node().entries) {
        const Value target(entry.value, joined(external.path(), entry.key), external.schema().property(entry.key),
                           external.findings());
        const auto from = as::address.parse(entry.key);
        if (!from) {
            external.findings().mistake(entry.place, external.path() + ": \"" + entry.key + "\" is no address, " +
                                                         external.schema().expected());
            continue;
        }
        const auto to = external.findings().is_refused(target.path()) ? std::nullopt : target.read(as::address);
        if (to && !config.external.emplace(*from, *to).second) target.refuse("expected each public address once");
        else if (to && from->is_v4() != to->is_v4()) target.refuse("expected an inside address of the same family");
    }
}

void read_protect(const Value& value, Config& config) {
    const Section section(value);
    if (const auto networks = section.find("networks")) read_protected_networks(*networks, config);
    section.read_all("media_ports", as::port_range, config.media_ports);
    section.read_all("tcp_media_ports", as::port_range, config.tcp_media_ports);
    if (const auto external = section.find("external")) read_external(*external, config);
    section.read("allow_hairpin", as::boolean, config.allow_hairpin);
}

void read_sip(const Value& sip, Config& config) {
    const Section section(sip);
    section.read_all("udp", as::port, config.sip_udp);
    section.read_all("tcp", as::port, config.sip_tcp);
    section.read_all("tls", as::port, config.sip_tls);
    section.read_all("ws", as::port, config.sip_ws);
    section.read("outbound", as::outbound, config.outbound);
    // The default 5061 gives way to a plain one.
    const auto is_plain = [&](Port port) { return std::ranges::find(config.sip_tcp, port) != config.sip_tcp.end(); };
    if (sip.node().find("tls") == nullptr) std::erase_if(config.sip_tls, is_plain);
}

void read_agent_loss(const Value& value, Config& config) {
    const Section section(value);
    read_duration(section, "after", std::chrono::seconds(1), std::chrono::hours(1), config.agent_loss_after);
    section.read("do", as::agent_loss, config.agent_loss);
    if (const auto choice = section.find("do"); choice && config.agent_loss == AgentLoss::peers && config.peers.empty())
        choice->warn("no peers are declared, so that peers lets in no more than keep");
}

template <class Read, class Into>
void read_part(const Section& top, std::string_view key, Read read, Into& into) {
    if (const auto value = top.find(key)) read(*value, into);
}

void read_tables(const Value& value, Tables& tables) {
    Section(value).read("pinholes", as::pinhole_count, tables.pinholes);
}

void read_http(const Value& value, std::optional<Endpoint>& http) { Section(value).read("listen", as::listener, http); }

void read_log(const Value& value, Log& log) {
    const Section section(value);
    section.read("format", as::log_format, log.format);
    section.read("level", as::log_level, log.level);
    section.read("privacy", as::log_privacy, log.hides_users);
}

void read_sections(const Section& top, Config& config) {
    top.find("version"); // 1, the schema says
    top.read("mode", as::mode, config.mode);
    top.read_all("outside", as::interface_name, config.outside);
    top.read_all("watch", as::interface_name, config.watch);
    top.read("attach", as::attach, config.attach);
    read_part(top, "protect", read_protect, config);
    read_part(top, "sip", read_sip, config);
    read_part(top, "peers", read_peers, config);
    read_part(top, "zones", read_zones, config);
    read_part(top, "allow", read_allow, config);
    read_part(top, "deny", read_deny, config);
    read_part(top, "rules", read_rules, config);
    read_part(top, "timers", read_timers, config.timers);
    read_part(top, "tables", read_tables, config.tables);
    read_part(top, "ceilings", read_ceilings, config.ceilings);
    read_part(top, "http", read_http, config.http);
    read_part(top, "log", read_log, config.log);
    read_part(top, "on_agent_loss", read_agent_loss, config);
    top.read_all("emergency", as::telephone_number, config.emergency);
    top.read("auto_reload", as::boolean, config.auto_reload);
}

// Nothing is silently ignored, not even what the schema knows and this program has forgotten.
void say_unread(Findings& findings) {
    for (const std::string& path : findings.unread)
        findings.mistake_at(path, "known to the schema, and not read by this version");
}

Config read_tree(const Node& root, Findings& findings) {
    Config config;
    config.user_agents = *user_agents_named("default");
    check_shape(root, findings);
    if (!findings.is_refused("")) read_sections(Section(Value(root, "", Schema::root(), findings)), config);
    say_unread(findings);
    if (findings.mistakes.empty()) check(config, findings);
    return config;
}

auto place_of(const Mistake& mistake) { return std::tie(mistake.line, mistake.column, mistake.what); }

void put_in_order(std::vector<Mistake>& mistakes, const std::vector<std::string>& files) {
    const auto rank = [&](const Mistake& mistake) { return std::ranges::find(files, mistake.file) - files.begin(); };
    std::ranges::sort(mistakes, [&](const Mistake& a, const Mistake& b) {
        return rank(a) != rank(b) ? rank(a) < rank(b) : place_of(a) < place_of(b);
    });
}

} // namespace

Result<Config, std::vector<Mistake>> read(const std::vector<ConfigFile>& files) {
    Findings findings;
    for (const ConfigFile& file : files) findings.files.push_back(file.name);
    Config config;
    if (const auto root = load_all(files, findings)) config = read_tree(*root, findings);
    put_in_order(findings.mistakes, findings.files);
    if (!findings.mistakes.empty()) return tl::make_unexpected(std::move(findings.mistakes));
    put_in_order(findings.warnings, findings.files);
    config.warnings = std::move(findings.warnings);
    config.files = std::move(findings.files);
    config.places = std::move(findings.places);
    return config;
}

Result<Config, std::vector<Mistake>> read(std::string_view yaml) {
    return read(std::vector<ConfigFile>{{.name = "", .text = std::string(yaml)}});
}

std::string to_string(const Mistake& mistake, std::string_view file, std::string_view severity) {
    return (mistake.file.empty() ? std::string(file) : mistake.file) + ":" + std::to_string(mistake.line) + ":" +
           std::to_string(mistake.column) + ": " + std::string(severity) + mistake.what;
}

} // namespace ringwall::policy
