// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/filters.hpp"

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "agent/kernel/route_dump.hpp"

namespace ringwall::kernel {
namespace {

void read_program(const rtattr* options, Filter& filter) {
    each_attribute(reinterpret_cast<const rtattr*>(contents_of(options)), RTA_PAYLOAD(options),
                   [&](const rtattr* nested) {
                       if (nested->rta_type == TCA_BPF_NAME) filter.name = text_of(nested);
                       if (nested->rta_type == TCA_BPF_ID) filter.program = value_of<uint32_t>(nested);
                   });
}

} // namespace

Result<std::vector<Filter>> list_filters(int ifindex, Hook hook) {
    tcmsg place{};
    place.tcm_ifindex = ifindex;
    place.tcm_parent = TC_H_MAKE(TC_H_CLSACT, hook == Hook::tc_ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
    const auto dump = dump_route(RTM_GETTFILTER, place);
    if (!dump) return tl::make_unexpected(dump.error());
    std::vector<Filter> all;
    each_message(*dump, RTM_NEWTFILTER, [&](const nlmsghdr* message) {
        const auto* about = body_of<tcmsg>(message);
        Filter filter{.priority = static_cast<uint16_t>(about->tcm_info >> 16),
                      .protocol_be = static_cast<uint16_t>(about->tcm_info),
                      .kind = {},
                      .handle = about->tcm_handle,
                      .name = {}};
        uint32_t chain = 0;
        const rtattr* options = nullptr;
        each_attribute_of<tcmsg>(message, [&](const rtattr* attribute) {
            switch (attribute->rta_type & NLA_TYPE_MASK) {
                case TCA_KIND: filter.kind = text_of(attribute); break;
                case TCA_CHAIN: chain = value_of<uint32_t>(attribute); break;
                case TCA_OPTIONS: options = attribute; break;
                default: break;
            }
        });
        if (options != nullptr && filter.kind == "bpf") read_program(options, filter);
        if (chain == 0) all.push_back(std::move(filter));
    });
    return all;
}

// The kernel lists those of all interfaces, whichever was asked for.
Result<std::string> ingress_qdisc(int ifindex) {
    const auto dump = dump_route(RTM_GETQDISC, tcmsg{});
    if (!dump) return tl::make_unexpected(dump.error());
    std::string kind;
    each_message(*dump, RTM_NEWQDISC, [&](const nlmsghdr* message) {
        const auto* about = body_of<tcmsg>(message);
        if (about->tcm_ifindex != ifindex || about->tcm_parent != TC_H_INGRESS) return;
        each_attribute_of<tcmsg>(message, [&](const rtattr* attribute) {
            if (attribute->rta_type == TCA_KIND) kind = text_of(attribute);
        });
    });
    return kind;
}

} // namespace ringwall::kernel
