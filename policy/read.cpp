// SPDX-License-Identifier: Apache-2.0
// The configuration file, section by section. Keys are those of the design and keep their names; what this version
// does not do yet is refused where an operator would rely on it, and named in a warning where leaving it out is safe.
#include <algorithm>
#include <tuple>

#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

const std::vector<std::string_view> top_keys{"version", "mode",          "outside",   "watch", "attach", "protect",
                                             "sip",     "peers",         "zones",     "allow", "deny",   "rules",
                                             "timers",  "on_agent_loss", "emergency", "feeds"};

void read_version(const Section& top) {
    const auto version = top.require("version", "version: 1");
    if (version && !(version->is_scalar() && version->text() == "1"))
        version->refuse("1, the only version of this file that there is");
}

// For lists that this version cannot honour: saying nothing is fine, saying something is not.
void refuse_unless_empty(const Section& section, std::string_view key) {
    const auto value = section.find(key);
    if (!value) return;
    if (!value->is_list()) return value->refuse("[]");
    if (value->node().size() > 0) value->not_supported("[]");
}

void read_outside(const Section& top, Config& config) {
    const auto outside = top.require("outside", "a list of interfaces such as [eth0]");
    if (!outside) return;
    config.outside = outside->read_list(as::interface_name, "a list of interfaces such as [eth0]");
    if (outside->is_list() && outside->node().size() == 0) outside->refuse("at least one interface");
}

void read_attach(const Section& top, Config& config) {
    top.read("attach", as::attach, config.attach);
    if (config.attach == Attach::dispatcher) top.find("attach")->not_supported("auto, native, generic or tc");
}

void read_watch(const Section& top, Config& config) {
    top.read_list("watch", as::interface_name, "a list of interfaces such as [wg0]", config.watch);
}

void read_protected_networks(const Section& section, Config& config) {
    const auto networks = section.require("networks", "a list of prefixes, or [self]");
    if (!networks) return;
    const auto items = networks->items("a list of prefixes, or [self]");
    if (networks->is_list() && items.empty()) networks->refuse("at least one prefix, or self");
    for (const Value& item : items) {
        if (item.is_scalar() && item.text() == "self") config.protect_self = true;
        else if (const auto network = item.read(as::prefix)) config.protect.push_back(*network);
    }
}

std::vector<PortRange> read_port_ranges(const Value& ports) {
    if (ports.is_list()) return ports.read_list(as::port_range, "a list of PORT-PORT");
    if (const auto range = ports.read(as::port_range)) return {*range};
    return {};
}

void read_media_ports(const Section& section, Config& config) {
    if (const auto tcp = section.find("tcp_media_ports")) config.tcp_media_ports = read_port_ranges(*tcp);
    const auto ports = section.require("media_ports", "PORT-PORT: there is no default, take the PBX's RTP range");
    if (!ports) return;
    config.media_ports = read_port_ranges(*ports);
    if (ports->is_list() && ports->node().size() == 0) ports->refuse(as::port_range.expected);
}

void read_external(const Value& external, Config& config) {
    static constexpr std::string_view expected = "a mapping of public to inside addresses";
    if (external.is_scalar() && external.text() == "auto") return external.not_supported(expected);
    if (!external.is_mapping()) return external.refuse(expected);
    for (const auto& entry : external.node()) {
        const auto from = Value(entry.first, external.path(), external.findings()).read(as::address);
        if (!from) continue;
        const Value target(entry.second, external.path() + "." + from->to_string(), external.findings());
        const auto to = target.read(as::address);
        if (to && !config.external.emplace(*from, *to).second) target.refuse("each public address once");
        else if (to && from->is_v4() != to->is_v4()) target.refuse("an inside address of the same family");
    }
}

void read_protect(const Section& top, Config& config) {
    const auto protect = top.require("protect", "networks and media_ports");
    if (!protect) return;
    const Section section(*protect, {"networks", "media_ports", "tcp_media_ports", "external", "allow_hairpin"});
    read_protected_networks(section, config);
    read_media_ports(section, config);
    if (const auto external = section.find("external")) read_external(*external, config);
    section.read("allow_hairpin", as::boolean, config.allow_hairpin);
}

void read_sip(const Value& sip, Config& config) {
    const Section section(sip, {"udp", "tcp", "tls", "ws"});
    section.read_list("udp", as::port, "a list of ports", config.sip_udp);
    section.read_list("tcp", as::port, "a list of ports", config.sip_tcp);
    section.read_list("tls", as::port, "a list of ports", config.sip_tls);
    section.read_list("ws", as::port, "a list of ports", config.sip_ws);
    // The default 5061 gives way to a plain one.
    const auto is_plain = [&](Port port) { return std::ranges::find(config.sip_tcp, port) != config.sip_tcp.end(); };
    if (!section.find("tls")) std::erase_if(config.sip_tls, is_plain);
    static constexpr std::string_view unread = "calls signalled there open no media ports in this version";
    if (const auto ports = section.find("tcp"); ports && ports->node().size() > 0) ports->warn(unread);
}

void read_user_agents(const Value& agents) {
    if (agents.is_list() && agents.node().size() == 0) return;
    if (agents.is_scalar() && agents.text() == "default") return agents.warn("not enforced by this version");
    if (agents.is_list()) return agents.not_supported("default or []");
    agents.refuse("default or []");
}

// A prefix, or { network: PREFIX, bypass: all }.
void read_allowed(const Value& item, Config& config) {
    static constexpr std::string_view expected = "a prefix, or { network: PREFIX, bypass: all }";
    if (!item.is_mapping()) {
        if (const auto prefix = item.read(Kind<Prefix>{as::prefix.parse, expected})) config.allow.push_back(*prefix);
        return;
    }
    const Section section(item, {"network", "bypass"});
    const auto network = section.require("network", as::prefix.expected);
    const auto prefix = network ? network->read(as::prefix) : std::nullopt;
    const auto bypass = section.find("bypass");
    if (bypass && !(bypass->is_scalar() && bypass->text() == "all")) return bypass->refuse("all");
    if (!prefix) return;
    config.allow.push_back(*prefix);
    if (bypass) config.bypass.push_back(*prefix);
}

void read_deny(const Value& deny, Config& config) {
    const Section section(deny, {"networks", "user_agents", "scope", "feeds"});
    if (const auto networks = section.find("networks"))
        config.deny = networks->read_list(as::prefix, "a list of prefixes");
    if (const auto agents = section.find("user_agents")) read_user_agents(*agents);
    if (const auto scope = section.find("scope")) {
        config.deny_all = scope->is_scalar() && scope->text() == "all";
        if (!config.deny_all && !(scope->is_scalar() && scope->text() == "sip")) scope->refuse("sip or all");
    }
    refuse_unless_empty(section, "feeds");
}

void read_timers(const Value& value, Timers& timers) {
    const Section section(value, {"drain", "idle", "held", "early", "bye", "max_call", "tombstone", "return_path",
                                  "sip_return_path", "register_return_path"});
    section.read("drain", as::duration, timers.drain);
    section.read("idle", as::duration, timers.idle);
    section.read("held", as::duration, timers.held);
    section.read("early", as::duration, timers.early);
    section.read("bye", as::duration, timers.bye);
    section.read("max_call", as::duration, timers.max_call);
    section.read("tombstone", as::duration, timers.tombstone);
    section.read("return_path", as::duration, timers.return_path);
    section.read("sip_return_path", as::duration, timers.sip_return_path);
    section.read("register_return_path", as::duration, timers.register_return_path);
}

void read_agent_loss(const Value& value, Config& config) {
    const Section section(value, {"after", "do"});
    section.read("after", as::duration, config.agent_loss_after);
    section.read("do", as::agent_loss, config.agent_loss);
    if (const auto choice = section.find("do"); choice && config.agent_loss == AgentLoss::peers && config.peers.empty())
        choice->warn("no peers are declared, so that peers lets in no more than keep");
}

void read_emergency(const Value& value, Config& config) {
    config.emergency = value.read_list(as::telephone_number, "a list of telephone numbers");
    if (!config.emergency.empty()) value.warn("not needed by this version: it sets no ceilings on calls");
}

void read_sections(const Section& top, Config& config) {
    read_version(top);
    top.read("mode", as::mode, config.mode);
    read_outside(top, config);
    read_watch(top, config);
    read_attach(top, config);
    read_protect(top, config);
    if (const auto sip = top.find("sip")) read_sip(*sip, config);
    if (const auto peers = top.find("peers")) read_peers(*peers, config);
    if (const auto zones = top.find("zones")) read_zones(*zones, config);
    if (const auto allow = top.find("allow"))
        for (const Value& item : allow->items("a list of prefixes")) read_allowed(item, config);
    if (const auto deny = top.find("deny")) read_deny(*deny, config);
    if (const auto rules = top.find("rules")) read_rules(*rules, config);
    refuse_unless_empty(top, "feeds");
    if (const auto timers = top.find("timers")) read_timers(*timers, config.timers);
    if (const auto loss = top.find("on_agent_loss")) read_agent_loss(*loss, config);
    if (const auto emergency = top.find("emergency")) read_emergency(*emergency, config);
}

} // namespace

Result<Config, std::vector<Mistake>> read(std::string_view yaml) {
    Findings findings;
    Config config;
    if (const auto root = load(yaml, findings)) read_sections(Section(*root, top_keys), config);
    if (findings.mistakes.empty()) check(config, findings);
    if (!findings.mistakes.empty()) {
        std::ranges::sort(findings.mistakes, {}, [](const Mistake& m) { return std::tie(m.line, m.column, m.what); });
        return tl::make_unexpected(std::move(findings.mistakes));
    }
    config.warnings = std::move(findings.warnings);
    return config;
}

std::string to_string(const Mistake& mistake, std::string_view file) {
    return std::string(file) + ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + ": " +
           mistake.what;
}

} // namespace ringwall::policy
