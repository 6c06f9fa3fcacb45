// SPDX-License-Identifier: Apache-2.0
#include "agent/process/briefing.hpp"

#include <boost/json.hpp>

#include "agent/process/config_files.hpp"
#include "maps/utf8.hpp"

namespace ringwall::agent {
namespace json = boost::json;

std::string encode(const Briefing& briefing) {
    json::array self, interfaces;
    for (const auto& address : briefing.self) self.emplace_back(address.to_string());
    for (const auto& each : briefing.interfaces)
        interfaces.push_back({{"name", to_utf8(each.name)},
                              {"ifindex", each.ifindex},
                              {"ingress", each.ingress},
                              {"egress", each.egress},
                              {"role", each.role},
                              {"why", to_utf8(each.why)}});
    return json::serialize(json::object{{"config_path", to_utf8(briefing.config_path)},
                                        {"config", to_json(briefing.config)},
                                        {"self", std::move(self)},
                                        {"pins_path", to_utf8(briefing.pins_path)},
                                        {"pins_error", to_utf8(briefing.pins_error)},
                                        {"http_listen", briefing.http_listen},
                                        {"http_error", to_utf8(briefing.http_error)},
                                        {"interfaces", std::move(interfaces)},
                                        {"attachments_lost", briefing.attachments_lost},
                                        {"lists", control::lists(briefing.lists)},
                                        {"names", control::names(briefing.names)},
                                        {"loaded_s", briefing.loaded_s},
                                        {"config_error", to_utf8(briefing.config_error)},
                                        {"is_config_refused", briefing.is_config_refused},
                                        {"reloads_answered", briefing.reloads_answered},
                                        {"table", briefing.table}});
}

Result<Briefing> decode_briefing(std::string_view body) try {
    const auto document = json::parse(body);
    const auto text = [](const json::value& value) { return std::string(value.as_string()); };
    Briefing briefing{.config_path = text(document.at("config_path")),
                      .config = config_files_of(document.at("config")),
                      .self = {},
                      .pins_path = text(document.at("pins_path")),
                      .pins_error = text(document.at("pins_error")),
                      .http_listen = text(document.at("http_listen")),
                      .http_error = text(document.at("http_error")),
                      .interfaces = {},
                      .attachments_lost = document.at("attachments_lost").to_number<uint64_t>(),
                      .lists = {},
                      .names = {},
                      .loaded_s = document.at("loaded_s").to_number<int64_t>(),
                      .config_error = text(document.at("config_error")),
                      .is_config_refused = document.at("is_config_refused").as_bool(),
                      .reloads_answered = document.at("reloads_answered").to_number<uint64_t>(),
                      .table = document.at("table").to_number<uint64_t>()};
    for (const auto& address : document.at("self").as_array())
        briefing.self.push_back(IpAddress::parse(text(address)).value());
    for (const auto& each : document.at("interfaces").as_array())
        briefing.interfaces.push_back({.name = text(each.at("name")),
                                       .ifindex = each.at("ifindex").to_number<int>(),
                                       .ingress = text(each.at("ingress")),
                                       .egress = text(each.at("egress")),
                                       .role = text(each.at("role")),
                                       .why = text(each.at("why"))});
    for (const auto& each : document.at("lists").as_array())
        briefing.lists.push_back({.path = text(each.at("path")),
                                  .kind = text(each.at("kind")),
                                  .prefixes = each.at("prefixes").to_number<uint64_t>(),
                                  .broken_lines = each.at("broken_lines").to_number<uint64_t>(),
                                  .loaded_s = each.at("loaded").to_number<int64_t>(),
                                  .trouble = text(each.at("trouble"))});
    for (const auto& each : document.at("names").as_array()) {
        control::Name name{.peer = text(each.at("peer")),
                           .name = text(each.at("name")),
                           .addresses = {},
                           .registrars = each.at("registrars").to_number<uint64_t>(),
                           .trouble = text(each.at("trouble")),
                           .failures = each.at("failures").to_number<uint64_t>()};
        for (const auto& address : each.at("addresses").as_array())
            name.addresses.push_back(IpAddress::parse(text(address)).value());
        briefing.names.push_back(std::move(name));
    }
    return briefing;
} catch (const std::exception& error) { return fail(std::string("read the parent's briefing: ") + error.what()); }

} // namespace ringwall::agent
