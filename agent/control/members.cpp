// SPDX-License-Identifier: Apache-2.0
#include "agent/control/members.hpp"

#include <algorithm>

#include "maps/utf8.hpp"

namespace ringwall::control {

namespace json = boost::json;

Members::Members(std::string_view body) {
    boost::system::error_code unreadable;
    document_ = json::parse(json::string_view(body.data(), body.size()), unreadable);
    if (unreadable && to_utf8(body) != body) mistake_ = "expected a JSON object in UTF-8";
    else if (unreadable || !document_.is_object()) mistake_ = "expected a JSON object";
}

std::string Members::text(std::string_view key, std::string_view otherwise) {
    const json::value* found = member(key);
    if (found == nullptr) return std::string(otherwise);
    if (found->is_string()) return std::string(found->get_string());
    refuse(key, "a string");
    return {};
}

bool Members::boolean(std::string_view key) {
    const json::value* found = member(key);
    if (found == nullptr) return false;
    if (!found->is_bool()) refuse(key, "true or false");
    return found->is_bool() && found->get_bool();
}

std::vector<std::string> Members::texts(std::string_view key) {
    std::vector<std::string> all;
    const json::value* found = member(key);
    if (found == nullptr) return all;
    const json::array* list = found->if_array();
    if (list == nullptr || !std::ranges::all_of(*list, [](const json::value& each) { return each.is_string(); })) {
        refuse(key, "a list of strings");
        return all;
    }
    for (const json::value& each : *list) all.emplace_back(each.get_string());
    return all;
}

std::optional<Endpoint> Members::endpoint(std::string_view key) {
    const auto read = Endpoint::parse(text(key, ""));
    if (!read) refuse(key, "ADDRESS:PORT, or [ADDRESS]:PORT for IPv6");
    return read;
}

bool Members::has(std::string_view key) const { return document_.is_object() && document_.get_object().contains(key); }

void Members::refuse(std::string_view key, std::string_view expected) {
    if (mistake_.empty()) mistake_ = std::string(key) + ": expected " + std::string(expected);
}

const std::string& Members::mistake() {
    if (mistake_.empty() && document_.get_object().size() != read_)
        for (const auto& each : document_.get_object())
            if (std::ranges::find(known_, each.key()) == known_.end())
                mistake_ = std::string(each.key()) + ": no such member";
    return mistake_;
}

const json::value* Members::member(std::string_view key) {
    known_.emplace_back(key);
    if (!has(key)) return nullptr;
    ++read_;
    return &document_.get_object().at(key);
}

} // namespace ringwall::control
