// SPDX-License-Identifier: Apache-2.0
#include "agent/control/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <initializer_list>

#include "agent/control/text.hpp"
#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Label {
    const char* name;
    std::string_view value;
};
using Labels = std::initializer_list<Label>;

constexpr std::array<std::string_view, PHASE_CLOSED + 1> phases{"",     "offered",  "answered",
                                                                "held", "draining", "closed"};
constexpr std::array<std::string_view, DIALOG_ENDED + 1> states{"", "early", "confirmed", "ending", "ended"};
constexpr std::array<std::string_view, EVENT_COUNT> event_labels{
#define RINGWALL_EVENT_LABEL(label, sentence) #label,
    RINGWALL_EVENTS(RINGWALL_EVENT_LABEL)
#undef RINGWALL_EVENT_LABEL
};

class Families {
public:
    Families& add(const char* name, const char* help, MetricType type) {
        all_.push_back({name, help, type, {}});
        return *this;
    }
    Families& counter(const char* name, const char* help) { return add(name, help, MetricType::Counter); }
    Families& gauge(const char* name, const char* help) { return add(name, help, MetricType::Gauge); }

    // Of the family added last.
    Families& value(double number, Labels labels = {}) {
        ClientMetric& metric = next(labels);
        if (all_.back().type == MetricType::Counter) metric.counter.value = number;
        else metric.gauge.value = number;
        return *this;
    }
    Families& value(uint64_t number, Labels labels = {}) { return value(static_cast<double>(number), labels); }
    ClientMetric& next(Labels labels = {}) {
        ClientMetric& metric = all_.back().metric.emplace_back();
        for (const Label& label : labels) metric.label.push_back({label.name, std::string(label.value)});
        return metric;
    }

    std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

private:
    std::vector<MetricFamily> all_;
};

// The loopback is 1 in every network namespace (drivers/net/loopback.c). What leaves it arrives there: its way out sees all.
bool is_attached(const Interface& interface) {
    const bool is_watched_loopback = interface.ifindex == 1 && interface.role == "watch";
    return interface.egress != "none" && (interface.ingress != "none" || is_watched_loopback);
}

void add_about(Families& families, const Status& status, const policy::View& policy) {
    const bool is_monitor = policy.config().mode == policy::Mode::monitor;
    families.gauge("ringwall_build_info", "Always 1; the versions of the program and of its maps")
        .value(1.0, {{"version", status.version}, {"abi", std::to_string(RINGWALL_ABI_VERSION)}});
    families.gauge("ringwall_mode", "1 for the mode in force: monitor drops nothing")
        .value(is_monitor ? 0.0 : 1.0, {{"mode", "enforce"}})
        .value(is_monitor ? 1.0 : 0.0, {{"mode", "monitor"}});
    families.gauge("ringwall_config_last_reload_successful", "0 while the last reload was refused")
        .value(status.config_error.empty() ? 1.0 : 0.0);
    families.gauge("ringwall_config_loaded_timestamp_seconds", "When the configuration in force was loaded")
        .value(static_cast<double>(status.config_loaded_s));
    families.gauge("ringwall_interface_attached",
                   "1 where the programs see what comes in and goes out (of lo: what goes out), 0 where they do not");
    for (const Interface& each : status.interfaces)
        families.value(is_attached(each) ? 1.0 : 0.0, {{"interface", to_utf8(each.name)},
                                                       {"role", each.role},
                                                       {"ingress", each.ingress},
                                                       {"egress", each.egress}});
}

struct reason_count counted(const Status& status, uint32_t reason) {
    const auto found = std::ranges::find(status.reasons, reason, [](const auto& each) { return each.first; });
    return found == status.reasons.end() ? reason_count{} : found->second;
}

// Each reason is there from the start, so that the first packet of it is an increase.
void add_verdicts(Families& families, const Status& status) {
    const auto add = [&](__u64 reason_count::* unit) {
        for (uint32_t number = 0; number < REASON_LIMIT; ++number)
            if (const ReasonText text = reason_text(number); !text.label.empty())
                families.value(uint64_t{counted(status, number).*unit},
                               {{"direction", is_outward(number) ? "out" : "in"},
                                {"verdict", text.is_drop ? "drop" : "pass"},
                                {"reason", text.label}});
    };
    families.counter("ringwall_packets_total", "Packets by verdict and its reason; in monitor mode drops pass");
    add(&reason_count::packets);
    families.counter("ringwall_bytes_total", "Bytes of frames by verdict and its reason");
    add(&reason_count::bytes);
}

// "sip_defect_bad_via" with "sip_defect_" -> one of its family, labelled "bad_via".
void add_defects(Families& families, const Status& status, std::string_view prefix) {
    for (const CoreCounter& counter : status.core)
        if (std::string_view label = counter.label; label.starts_with(prefix))
            families.value(counter.count, {{"defect", label.substr(prefix.size())}});
}

void add_events(Families& families, const Status& status) {
    constexpr std::string_view sip = "sip_defect_", sdp = "sdp_defect_";
    families.counter("ringwall_datapath_events_total", "What the programs counted beside verdicts, by name");
    for (size_t i = 0; i < event_labels.size(); ++i)
        families.value(i < status.events.size() ? status.events[i] : 0, {{"event", event_labels[i]}});
    families.counter("ringwall_agent_events_total", "What the agent counted since it started, by name");
    for (const CoreCounter& counter : status.core)
        if (std::string_view label = counter.label; !label.starts_with(sip) && !label.starts_with(sdp))
            families.value(counter.count, {{"event", label}});
    families.counter("ringwall_sip_defects_total", "SIP that could not be read, by what is wrong with it");
    add_defects(families, status, sip);
    families.counter("ringwall_sdp_defects_total", "Session descriptions that could not be read, likewise");
    add_defects(families, status, sdp);
}

void add_tables(Families& families, const Status& status, const Measured& measured) {
    families.gauge("ringwall_calls", "Calls that the wall follows, by state");
    for (size_t state = DIALOG_EARLY; state <= DIALOG_ENDING; ++state)
        families.value(status.census.calls[state], {{"state", states[state]}});
    families.gauge("ringwall_pinholes", "Media ports in the table, by phase; closed ones explain drops");
    for (size_t phase = PHASE_OFFERED; phase <= PHASE_CLOSED; ++phase)
        families.value(status.census.pinholes[phase], {{"phase", phases[phase]}});
    families.gauge("ringwall_pinholes_capacity", "How many media ports the table holds")
        .value(status.pinholes_capacity);
    families.gauge("ringwall_outside_calls", "Calls begun outside, as ceilings count them");
    families.value(status.outside.calls, {{"state", "heard"}});
    families.value(status.outside.half_open, {{"state", "half_open"}});
    families.gauge("ringwall_at_ceiling", "Who has as many calls as it may");
    families.value(status.outside.sources_full, {{"who", "sources"}});
    families.value(status.outside.parties_full, {{"who", "parties"}});
    families.gauge("ringwall_bans", "Sources that are shut out for a time, as of the last look").value(measured.bans);
    families.gauge("ringwall_bans_capacity", "How many bans the table holds").value(uint64_t{BANS});
}

// As many as the configuration names.
void add_lists_and_names(Families& families, const Status& status) {
    const auto each_list = [&](auto number) {
        for (const List& list : status.lists)
            families.value(number(list), {{"list", to_utf8(list.path)}, {"kind", list.kind}});
    };
    families.gauge("ringwall_list_prefixes", "Prefixes of a list file that are in force");
    each_list([](const List& list) { return list.prefixes; });
    families.gauge("ringwall_list_loaded_timestamp_seconds", "When a list file was taken");
    each_list([](const List& list) { return static_cast<double>(list.loaded_s); });
    families.gauge("ringwall_list_current", "0 where what stands in a list file is not in force");
    each_list([](const List& list) { return list.trouble.empty() ? 1.0 : 0.0; });
    families.gauge("ringwall_name_addresses", "Addresses that a peer's name stands for");
    for (const Name& name : status.names)
        families.value(uint64_t{name.addresses.size()}, {{"peer", name.peer}, {"name", name.name}});
    families.counter("ringwall_name_failures_total", "Times that a peer's name was asked for in vain");
    for (const Name& name : status.names) families.value(name.failures, {{"peer", name.peer}, {"name", name.name}});
}

void add_delays(Families& families, const Delays& delays) {
    families.add("ringwall_pinhole_delay_seconds", "From the packet of SIP to the media ports that it changed",
                 MetricType::Histogram);
    auto& histogram = families.next().histogram;
    for (size_t i = 0; i < delays.counts().size(); ++i) {
        histogram.sample_count += delays.counts()[i];
        if (i < Delays::bounds_s.size())
            histogram.bucket.push_back({histogram.sample_count, Delays::bounds_s[i]}); // cumulative
    }
    histogram.sample_sum = delays.sum_s();
}

void add_process(Families& families, const Status& status, const Measured& measured) {
    families.counter("process_cpu_seconds_total", "Processor time of the agent's worker").value(measured.cpu_s);
    families.gauge("process_resident_memory_bytes", "Memory of the agent's worker").value(measured.resident_bytes);
    families.gauge("process_start_time_seconds", "When the agent's worker started")
        .value(static_cast<double>(status.started_s));
}

} // namespace

void Delays::note(double seconds) {
    const auto bucket = std::ranges::lower_bound(bounds_s, seconds) - bounds_s.begin();
    ++counts_[static_cast<size_t>(bucket)];
    sum_s_ += seconds;
}

std::string metrics(const Status& status, const Measured& measured, const policy::View& policy) {
    Families families;
    add_about(families, status, policy);
    add_verdicts(families, status);
    add_events(families, status);
    add_tables(families, status, measured);
    add_lists_and_names(families, status);
    add_delays(families, measured.delays);
    add_process(families, status, measured);
    return families.text();
}

std::string unready(const Status& status) {
    std::string why;
    // One of several that is away, a PPP link perhaps, has no packets, and is the metric's to tell.
    const auto is_outside = [](const Interface& each) { return each.role == "outside" && each.ifindex != 0; };
    if (std::ranges::none_of(status.interfaces, is_outside)) why += "no outside interface is there\n";
    for (const Interface& each : status.interfaces)
        if (is_outside(each) && !is_attached(each)) why += to_utf8(each.name) + ": not attached\n";
    if (!status.pins_error.empty()) why += "pins are missing: " + to_utf8(status.pins_error) + "\n";
    return why;
}

} // namespace ringwall::control
