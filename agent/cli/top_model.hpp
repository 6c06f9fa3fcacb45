// SPDX-License-Identifier: Apache-2.0
// What `ringwall top` knows: the agent's last documents, and how fast the counters rose. Values in, values out.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::cli {

// One reason that drops.
struct TopReason {
    std::string reason, sentence;
    uint64_t total = 0;          // packets since the maps were made
    double rate = 0;             // packets a second, as of the last two looks
    std::vector<double> history; // rates, the latest last; at most TopModel::longest_history
};

struct TopSource {
    std::string source, reason, peer; // the reason is its last one
    uint64_t packets = 0;
    double last_s = 0; // since 1970
};

class TopModel {
public:
    static constexpr size_t longest_history = 60;

    // At `now_s`, of a clock that only goes forward.
    void take_status(boost::json::value status, double now_s);
    void take_calls(boost::json::value calls) { calls_ = std::move(calls); }
    void take_pinholes(boost::json::value pinholes) { pinholes_ = std::move(pinholes); }
    void take_drops(boost::json::value drops) { drops_ = std::move(drops); }
    void lose_agent(std::string trouble) { trouble_ = std::move(trouble); }

    const std::string& trouble() const { return trouble_; } // why there is no agent; empty: there is one
    bool is_first() const { return trouble_ == asking; }    // nobody has answered or failed yet
    const boost::json::value& status() const { return status_; }
    const boost::json::value& calls() const { return calls_; }
    const boost::json::value& pinholes() const { return pinholes_; }
    std::vector<TopReason> reasons() const; // that have dropped, in no order
    std::vector<TopSource> sources() const; // that drops came from, likewise
    double rate(bool of_drops) const;       // of all packets that dropped, or passed

private:
    static constexpr std::string_view asking = "asking the agent";
    struct Look {
        double at_s = 0;
        std::map<std::string, uint64_t> dropped; // packets by reason
        uint64_t all_dropped = 0, all_passed = 0;
    };
    boost::json::value status_, calls_, pinholes_, drops_;
    std::string trouble_{asking};
    std::deque<Look> looks_; // the latest last
};

} // namespace ringwall::cli
