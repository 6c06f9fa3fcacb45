// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_model.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/cli/words.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

// A counter that went back is another wall's: its rate begins anew.
double rise(uint64_t before, uint64_t now, double seconds) {
    return now > before && seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

std::string address_of(const std::string& endpoint) { return endpoint.substr(0, endpoint.rfind(':')); }

} // namespace

void TopModel::take_status(json::value status, double now_s) {
    Look look{.at_s = now_s, .dropped = {}};
    for (const json::value& each : list(status, "verdicts")) {
        const bool is_drop = text(each, "verdict") == "drop";
        (is_drop ? look.all_dropped : look.all_passed) += number(each, "packets");
        if (is_drop) look.dropped[text(each, "reason")] = number(each, "packets");
    }
    status_ = std::move(status);
    trouble_.clear();
    looks_.push_back(std::move(look));
    if (looks_.size() > longest_history + 1) looks_.pop_front();
}

std::vector<TopReason> TopModel::reasons() const {
    std::vector<TopReason> all;
    for (const json::value& each : list(status_, "verdicts")) {
        if (text(each, "verdict") != "drop") continue;
        TopReason reason{text(each, "reason"), text(each, "sentence"), number(each, "packets"), 0, {}};
        const auto at = [&](const Look& look) {
            const auto found = look.dropped.find(reason.reason);
            return found == look.dropped.end() ? 0 : found->second;
        };
        for (size_t i = 1; i < looks_.size(); ++i)
            reason.history.push_back(rise(at(looks_[i - 1]), at(looks_[i]), looks_[i].at_s - looks_[i - 1].at_s));
        if (!reason.history.empty()) reason.rate = reason.history.back();
        all.push_back(std::move(reason));
    }
    return all;
}

std::vector<TopSource> TopModel::sources() const {
    std::map<std::string, TopSource> by_address;
    if (!drops_.is_array()) return {};
    for (const json::value& drop : drops_.get_array()) {
        const std::string address = address_of(text(drop, "source"));
        TopSource& source = by_address[address];
        source.packets += number(drop, "packets");
        if (real(drop, "last") < source.last_s) continue;
        source.last_s = real(drop, "last");
        source.source = address;
        source.reason = text(drop, "reason");
        source.peer = text(drop, "peer");
    }
    std::vector<TopSource> all;
    for (auto& [address, source] : by_address) all.push_back(std::move(source));
    return all;
}

double TopModel::rate(bool of_drops) const {
    if (looks_.size() < 2) return 0;
    const Look &before = looks_[looks_.size() - 2], &now = looks_.back();
    const double seconds = now.at_s - before.at_s;
    return of_drops ? rise(before.all_dropped, now.all_dropped, seconds)
                    : rise(before.all_passed, now.all_passed, seconds);
}

} // namespace ringwall::cli
