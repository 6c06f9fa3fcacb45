// SPDX-License-Identifier: Apache-2.0
// What became of each call of a capture: its last record, its holes as they stood before they went to another call, and
// the audio that passed and dropped. A live wall forgets a call a minute after its end; replay tells of all of them.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/capture/flow.hpp"
#include "agent/core.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/pinhole/claim.hpp"
#include "agent/replay/descriptions.hpp"

namespace ringwall::replay {

enum class Audio : uint8_t { both_ways, in_only, out_only, refused, without_pinhole, none, not_offered };
std::string_view to_string(Audio audio);

struct Call {
    struct dialog_record record{};
    bool is_answered = false;
    std::optional<int64_t> ended_s;       // of CLOCK_REALTIME, the capture's
    uint64_t media_in = 0, media_out = 0; // packets of audio and fax that passed on its holes
    bool is_refused = false;              // such packets of its own party dropped before its end
    std::map<uint32_t, uint64_t> dropped; // inwards, on its holes, by reason
    uint64_t before_open = 0;             // dropped less than a second before their pinhole opened
    const Said* said = nullptr;           // none: its SDP was not read
    std::optional<Endpoint> elsewhere;    // what its SDP names for media, where that is not ours (Core::elsewhere_of)
    struct Hole {
        pinhole::PresentPinhole present;
        std::optional<struct refusal> refusal;
    };
    std::map<pinhole::HoleKey, Hole> holes;

    Audio audio() const;
};

class Calls {
public:
    using ElsewhereOf = std::function<std::optional<Endpoint>(uint64_t leg)>;
    using DeclaredZoneOf = std::function<uint8_t(const IpAddress&)>; // 0: no declared peer's
    Calls(const kernel::Maps& maps, ElsewhereOf elsewhere_of, DeclaredZoneOf declared_zone_of)
        : maps_(maps), elsewhere_of_(std::move(elsewhere_of)), declared_zone_of_(std::move(declared_zone_of)) {}

    void hear(const Datagram& datagram) { descriptions_.hear(datagram); } // SIP, before the changes that it brings

    // Around the moment at which changes are carried out.
    void before(const pinhole::MapOps& changes);
    void after(const pinhole::MapOps& changes, Now now);
    void on_verdict(bool is_outbound, uint32_t reason, const capture::Flow& flow, Now now);
    void at_end(); // looks at the holes that are left

    const std::vector<Call>& all() const { return calls_; } // in the order of their start
    // As `ringwall calls --json`, with what happened.
    boost::json::value document(const policy::View& policy, Now now) const;

private:
    struct Local {
        Endpoint endpoint;
        uint8_t protocol;
        bool operator==(const Local&) const = default;
    };
    struct HashLocal {
        size_t operator()(const Local& local) const { return std::hash<Endpoint>()(local.endpoint) ^ local.protocol; }
    };
    struct Owner {
        uint64_t leg = 0;
        uint8_t component = 0, media = 0; // of the hole's ctl
        const Said* said = nullptr;

        bool is_audio(const Content& content) const; // or fax
    };
    struct Refused { // by no_pinhole, where nobody's hole is
        uint64_t packets = 0;
        std::chrono::steady_clock::time_point last{};
        IpAddress source;
        Content content;
    };
    static Local local_of(const struct operation& operation);
    Call* call_of(uint64_t leg);
    void keep(const pinhole::PresentPinhole& hole);
    void on_record(uint64_t leg, const struct dialog_record& record, Now now);
    void on_change(const struct operation& operation);
    void on_end(const struct operation& operation, Now now);
    void on_hole(const struct operation& operation, Now now);
    void look_up(Call& call, uint64_t leg);
    void note_refused(const Local& local, const IpAddress& source, const Content& content, Now now);
    void note_before_open(Call& call, const Owner& owner, const Local& local, const Refused& refused);
    bool may_send(const Call& call, const Local& local, const IpAddress& source) const;

    const kernel::Maps& maps_;
    ElsewhereOf elsewhere_of_;
    DeclaredZoneOf declared_zone_of_;
    Descriptions descriptions_;
    std::vector<Call> calls_;
    std::unordered_map<uint64_t, size_t> by_leg_;
    std::unordered_map<Local, Owner, HashLocal> owners_;
    std::unordered_map<Local, Refused, HashLocal> refused_;
};

} // namespace ringwall::replay
