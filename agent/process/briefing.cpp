// SPDX-License-Identifier: Apache-2.0
#include "agent/process/briefing.hpp"

#include <boost/json.hpp>

namespace ringwall::agent {
namespace json = boost::json;

std::string encode(const Briefing& briefing) {
    json::array self, interfaces;
    for (const auto& address : briefing.self) self.emplace_back(address.to_string());
    for (const auto& each : briefing.interfaces)
        interfaces.push_back({{"name", each.name},
                              {"ifindex", each.ifindex},
                              {"ingress", each.ingress},
                              {"egress", each.egress},
                              {"role", each.role},
                              {"why", each.why}});
    return json::serialize(json::object{{"config_path", briefing.config_path},
                                        {"config", briefing.config},
                                        {"self", std::move(self)},
                                        {"interfaces", std::move(interfaces)},
                                        {"loaded_s", briefing.loaded_s}});
}

Result<Briefing> decode_briefing(std::string_view body) try {
    const auto document = json::parse(body);
    const auto text = [](const json::value& value) { return std::string(value.as_string()); };
    Briefing briefing{.config_path = text(document.at("config_path")),
                      .config = text(document.at("config")),
                      .self = {},
                      .interfaces = {},
                      .loaded_s = document.at("loaded_s").to_number<int64_t>()};
    for (const auto& address : document.at("self").as_array())
        briefing.self.push_back(IpAddress::parse(text(address)).value());
    for (const auto& each : document.at("interfaces").as_array())
        briefing.interfaces.push_back({.name = text(each.at("name")),
                                       .ifindex = each.at("ifindex").to_number<int>(),
                                       .ingress = text(each.at("ingress")),
                                       .egress = text(each.at("egress")),
                                       .role = text(each.at("role")),
                                       .why = text(each.at("why"))});
    return briefing;
} catch (const std::exception& error) { return fail(std::string("read the parent's briefing: ") + error.what()); }

} // namespace ringwall::agent
