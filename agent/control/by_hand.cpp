// SPDX-License-Identifier: Apache-2.0
#include "agent/control/by_hand.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "agent/control/members.hpp"
#include "policy/scalars.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;
using pinhole::Component;

Component component_of(const std::string& media, bool has_rtcp, Members& members) {
    if (has_rtcp && media != "rtp") members.refuse("rtcp", "it with media rtp only");
    if (media == "rtp") return has_rtcp ? Component::rtp : Component::rtp_rtcp;
    if (media == "udptl") return Component::udptl;
    if (media != "any") members.refuse("media", "rtp, udptl or any");
    return Component::other;
}

// "any", a declared peer's name, or addresses with or without a port.
void add_sender(const std::string& text, dialog::Opening& opening, Members& members) {
    const auto prefix = Prefix::parse(text);
    if (const auto endpoint = Endpoint::parse(text); endpoint && endpoint->port.value != 0)
        opening.from.push_back(*endpoint);
    else if (prefix && prefix->length == 128) opening.from.push_back({prefix->address, Port{0}});
    else if (prefix && text != "any") members.refuse("from", "addresses, one declared peer or any, not a network");
    else if (!prefix) opening.peer = text;
}

json::array ports(const dialog::Opening& opening) {
    json::array all;
    for (const Endpoint& port : dialog::ports_of(opening)) all.push_back(json::string(port.to_string()));
    return all;
}

} // namespace

Result<dialog::Opening, std::string> opening(std::string_view body) {
    Members members(body);
    dialog::Opening opening{.name = members.text("name", default_name)};
    opening.local = members.endpoint("local").value_or(Endpoint{});
    opening.protocol = members.scalar("proto", policy::as::protocol, "udp");
    opening.component = component_of(members.text("media", "rtp"), members.boolean("rtcp"), members);
    opening.life = members.scalar("for", policy::as::duration, default_life);
    const std::vector<std::string> from = members.texts("from");
    if (from.empty() && members.has("from")) members.refuse("from", "at least one; any admits whoever sends");
    for (const std::string& sender : from) add_sender(sender, opening, members);
    const bool is_mixed = from.size() > 1 && opening.from.size() != from.size();
    if (is_mixed) members.refuse("from", "addresses, one declared peer or any");
    if (!members.mistake().empty()) return tl::make_unexpected(members.mistake());
    return opening;
}

Result<dialog::Closing, std::string> closing(std::string_view body) {
    Members members(body);
    dialog::Closing closing{.name = members.text("name", "")};
    if (members.has("local")) closing.local = members.endpoint("local");
    if (members.has("proto")) closing.protocol = members.scalar("proto", policy::as::protocol, "");
    if (closing.name.empty() && !closing.local) members.refuse("local", "ADDRESS:PORT, a name, or both");
    if (!members.mistake().empty()) return tl::make_unexpected(members.mistake());
    return closing;
}

json::value opened(const dialog::Opening& opening, const policy::View& policy) {
    json::array denied;
    for (const Endpoint& from : opening.from)
        if (policy.is_denied(from.address)) denied.push_back(json::string(from.address.to_string()));
    const auto life = std::chrono::duration<double>(opening.life).count();
    return json::object{{"ok", true},
                        {"name", opening.name},
                        {"ports", ports(opening)},
                        {"proto", to_string(opening.protocol)},
                        {"expires_in", std::round(life * 10) / 10},
                        {"denied", std::move(denied)}};
}

json::value closed(const std::vector<dialog::Opening>& openings) {
    json::array list;
    for (const dialog::Opening& opening : openings)
        list.push_back(json::object{{"name", opening.name},
                                    {"local", opening.local.to_string()},
                                    {"ports", ports(opening)},
                                    {"proto", to_string(opening.protocol)}});
    return json::object{{"ok", true}, {"closed", std::move(list)}};
}

} // namespace ringwall::control
