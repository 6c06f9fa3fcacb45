// SPDX-License-Identifier: Apache-2.0
// The kernel, and who else is on this host.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <set>

#include "agent/inspect/checks.hpp"
#include "agent/inspect/local_ports.hpp"
#include "agent/kernel/addresses.hpp"

namespace ringwall::inspect {
namespace {

using kernel::is_loopback;

constexpr std::array<uint16_t, 6> usual_sip{5060, 5062, 5070, 5080, 5160, 5161};
constexpr std::array<uint16_t, 5> usual_opaque{5061, 5063, 7443, 8089, 8443};
// DUNDi and IAX2 of Asterisk: in udptl.conf's range as it is shipped.
constexpr std::array<uint16_t, 2> no_media_of_a_pbx{4520, 4569};

bool contains(const std::vector<Port>& ports, Port port) { return std::ranges::find(ports, port) != ports.end(); }
template <size_t N>
bool contains(const std::array<uint16_t, N>& ports, Port port) {
    return std::ranges::find(ports, port.value) != ports.end();
}

// Where it hears what comes from outside: of an unspecified address at each of this host's, :: of both families.
std::vector<IpAddress> heard_at(const Listener& listener, const Patient& patient) {
    const IpAddress& local = listener.local.address;
    if (!local.is_unspecified()) return {local};
    std::vector<IpAddress> own = patient.own;
    if (local.is_v4()) std::erase_if(own, [](const IpAddress& each) { return !each.is_v4(); });
    return own;
}

bool is_inside(const Listener& listener, const Patient& patient) {
    if (!patient.policy || is_loopback(listener.local.address)) return false;
    return std::ranges::any_of(heard_at(listener, patient),
                               [&](const IpAddress& each) { return patient.policy->is_protected(each); });
}

// Not by the port alone: on an edge a machine behind it may have a call at the same.
bool has_pinhole(const Listener& listener, const Patient& patient) {
    return std::ranges::any_of(heard_at(listener, patient), [&](const IpAddress& each) {
        return patient.pinholes.contains({listener.protocol, {each, listener.local.port}});
    });
}

bool has_rule(const policy::Config& config, const Listener& listener) {
    return std::ranges::any_of(config.rules, [&](const policy::Rule& rule) {
        return rule.protocol == listener.protocol &&
               std::ranges::any_of(rule.ports, [&](const policy::PortRange& range) {
                   return range.first <= listener.local.port && listener.local.port <= range.last;
               });
    });
}

bool is_sip(const Listener& listener, const policy::Config& config) {
    const Port port = listener.local.port;
    if (listener.protocol == Protocol::udp) return contains(config.sip_udp, port);
    return contains(config.sip_tcp, port) || contains(config.sip_tls, port) || contains(config.sip_ws, port);
}

// Processes that serve SIP here, or have the media of a call.
std::set<int> pbxs(const Patient& patient) {
    std::set<int> all;
    for (const Listener& each : patient.listeners)
        if (is_sip(each, patient.policy->config()) || has_pinhole(each, patient))
            all.insert(each.owners.begin(), each.owners.end());
    return all;
}

std::string by_whom(const Listener& listener) {
    return " by " + listener.program + " (process " + std::to_string(listener.owners.front()) + ")";
}

std::string text_of(const Listener& listener) {
    return (listener.protocol == Protocol::udp ? "UDP " : "TCP ") + listener.local.to_string();
}

} // namespace

Faults kernel_is_new_enough(const Patient& patient) {
    unsigned major = 0, minor = 0;
    if (std::sscanf(patient.kernel.c_str(), "%u.%u", &major, &minor) != 2 || major > 6 || (major == 6 && minor >= 1))
        return {};
    return {{"kernel", "Linux " + patient.kernel + " is older than 6.1, which the programs need",
             "run a newer kernel: Debian 12 and later have one"}};
}

std::string mount_point_for(const std::string& pin_path) {
    constexpr std::string_view usual = "/sys/fs/bpf";
    if (pin_path.starts_with(std::string(usual) + "/")) return std::string(usual);
    return std::filesystem::path(pin_path).parent_path().string();
}

Faults bpf_is_there(const Patient& patient) {
    Faults faults;
    if (!patient.has_btf)
        faults.push_back({"bpf", "the kernel has no type information (/sys/kernel/btf/vmlinux)",
                          "run a kernel that is built with CONFIG_DEBUG_INFO_BTF"});
    if (!patient.has_bpffs)
        faults.push_back({"bpf", "no BPF file system is mounted where the pins go (" + patient.pin_path + ")",
                          "mount -t bpf bpf " + mount_point_for(patient.pin_path)});
    return faults;
}

Faults no_sip_helper(const Patient& patient) {
    Faults faults;
    for (const char* module : {"nf_conntrack_sip", "nf_nat_sip"})
        if (std::ranges::find(patient.modules, module) != patient.modules.end())
            faults.push_back({"sip_helper",
                              std::string("the kernel's own SIP helper is loaded (") + module +
                                  "): it rewrites messages, and the wall then sees what it made of them",
                              std::string("rmmod ") + module + ", and keep it out: echo blacklist " + module +
                                  " >/etc/modprobe.d/no-sip-helper.conf"});
    return faults;
}

// Only the end of rules is compared with the clock of the day.
Faults clock_is_set(const Patient& patient) {
    const auto has_end = [](const policy::Rule& rule) { return rule.until.has_value(); };
    if (patient.is_clock_set || !patient.policy || std::ranges::none_of(patient.policy->config().rules, has_end))
        return {};
    return {
        {"clock", "no time service keeps the clock, and rules end by it (until)", "run chrony or systemd-timesyncd"}};
}

Faults cards_keep_up(const Patient& patient) {
    Faults faults;
    for (const auto& [interface, packets] : patient.missed)
        if (packets > 0)
            faults.push_back({"card",
                              interface + " has dropped " + std::to_string(packets) +
                                  " packets before the wall saw them (rx_missed_errors, rx_fifo_errors)",
                              "give it larger rings (ethtool -G " + interface + " rx 4096) or more queues"});
    return faults;
}

// A name server's answer needs a way back then, of which an address has 1,024 new ones a minute.
Faults ports_are_not_given_away(const Patient& patient) {
    const policy::View& policy = *patient.policy;
    const auto is_ours = [&](const IpAddress& own) { return policy.is_protected(own); };
    if (!std::ranges::any_of(patient.own, is_ours)) return {};
    for (const policy::PortRange& media : policy.config().media_ports)
        for (const policy::PortRange& chosen : patient.chosen) {
            const Port first = std::max(media.first, chosen.first), last = std::min(media.last, chosen.last);
            if (last < first) continue;
            const std::string ports = sysctl_text({{first, last}});
            return {{"media_ports",
                     "the kernel gives ports " + ports + ", of protect.media_ports, to any program that sends: its " +
                         "answers need ways back, and an RTP port may be taken",
                     "sysctl -w net.ipv4.ip_local_reserved_ports=" + ports +
                         ", beside what stands there, and keep it in "
                         "/etc/sysctl.d; or another range",
                     true}};
        }
    return {};
}

Fault stranger_at(const Listener& listener, const Patient& patient) {
    const std::string what = text_of(listener) + " is bound in the media range";
    const std::string open = "open it: rules: [{ allow: " + std::string(to_string(listener.protocol)) +
                             ", to: any, ports: " + std::to_string(listener.local.port.value) + ", from: any }]";
    const std::string move = "if it is no media, move it out of protect.media_ports, or " + open;
    if (!listener.owners.empty())
        return {"media_ports", what + by_whom(listener) + ", and no call or rule opens it", move};
    if (patient.sees_all_owners)
        return {"media_ports", what + " by the kernel itself, and no call or rule opens it",
                "give WireGuard another ListenPort, a VXLAN another dstport, outside protect.media_ports; or " + open};
    return {"media_ports", what + ", and no call opens it: whose it is cannot be seen",
            "nothing, where it is the PBX's, of a call; ask again as root of this machine. Else, " + move, true};
}

// Whoever is bound there and no call's is shut out: the range is the wall's. A PBX binds its ports before the wall knows
// of them, while a telephone rings, or without that it ever does, for calls over TLS and WebSocket and between two
// telephones inside.
Faults media_ports_are_the_calls(const Patient& patient) {
    if (!patient.policy) return {};
    Faults faults = ports_are_not_given_away(patient);
    const std::set<int> pbx = pbxs(patient);
    const auto is_pbx = [&](int process) { return pbx.contains(process); };
    for (const Listener& each : patient.listeners) {
        const Port port = each.local.port;
        if (!patient.policy->is_media_port(port, each.protocol) || !is_inside(each, patient)) continue;
        if (has_pinhole(each, patient) || has_rule(patient.policy->config(), each)) continue;
        if (!contains(no_media_of_a_pbx, port) && std::ranges::any_of(each.owners, is_pbx)) continue;
        faults.push_back(stranger_at(each, patient));
    }
    return faults;
}

Faults sip_ports_are_declared(const Patient& patient) {
    Faults faults;
    if (!patient.policy) return faults;
    const policy::Config& config = patient.policy->config();
    for (const Listener& each : patient.listeners) {
        const bool is_udp = each.protocol == Protocol::udp;
        if (!contains(usual_sip, each.local.port) || is_sip(each, config) || !is_inside(each, patient)) continue;
        faults.push_back({"sip_ports",
                          text_of(each) + " looks like SIP, and is not in sip." + (is_udp ? "udp" : "tcp") +
                              ": its calls open nothing",
                          "add " + std::to_string(each.local.port.value) + " to sip." + (is_udp ? "udp" : "tcp")});
    }
    return faults;
}

Faults opaque_ports_are_declared(const Patient& patient) {
    Faults faults;
    if (!patient.policy) return faults;
    const policy::Config& config = patient.policy->config();
    for (const Listener& each : patient.listeners) {
        const Port port = each.local.port;
        if (each.protocol != Protocol::tcp || !contains(usual_opaque, port) || !is_inside(each, patient)) continue;
        if (contains(config.sip_tls, port) || contains(config.sip_ws, port) || contains(config.sip_tcp, port)) continue;
        faults.push_back({"opaque_ports",
                          text_of(each) + " looks like SIP over TLS or WebSocket, and no media of its calls gets in",
                          "add " + std::to_string(port.value) + " to sip.tls or sip.ws"});
    }
    return faults;
}

// SIP is served here, and the media ports of this host are nobody's.
Faults own_addresses_are_protected(const Patient& patient) {
    if (!patient.policy) return {};
    const policy::View& policy = *patient.policy;
    if (policy.config().protect_self && patient.own.empty())
        return {
            {"protect", "self, in protect.networks, stands for no address: no interface of outside has one",
             "name in outside the interface that has the address (`ip address`), or the address in protect.networks"}};
    if (patient.own.empty()) return {};
    for (const Listener& each : patient.listeners) {
        const bool is_sip = contains(each.protocol == Protocol::udp ? policy.config().sip_udp : policy.config().sip_tcp,
                                     each.local.port);
        if (!is_sip || is_loopback(each.local.address)) continue;
        const bool is_any = each.local.address.is_unspecified();
        const bool is_protected =
            is_any ? std::ranges::any_of(patient.own, [&](const IpAddress& own) { return policy.is_protected(own); })
                   : policy.is_protected(each.local.address);
        if (is_protected) continue;
        const std::string address = (is_any ? patient.own.front() : each.local.address).to_string();
        return {
            {"protect",
             text_of(each) + " serves SIP, and " + address + " is not in protect.networks: its media ports are open",
             "add " + address + " to protect.networks, or self"}};
    }
    return {};
}

} // namespace ringwall::inspect
