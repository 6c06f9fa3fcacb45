// SPDX-License-Identifier: Apache-2.0
// A leg: one crossing of a call, Call-ID plus the tag of the party outside (its top Via branch until that tag is
// known). It owns claims on holes; its end lets go of them and touches no other leg.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/dialog/descriptions.hpp"
#include "agent/pinhole/claim.hpp"
#include "maps/abi/dialog.h"
#include "maps/abi/party.h"

namespace ringwall::dialog {

using pinhole::LegId;
using pinhole::TimePoint;

enum class LegState : uint8_t { early = DIALOG_EARLY, confirmed = DIALOG_CONFIRMED, ending = DIALOG_ENDING };

// An inside party of the leg. A call from outside may ring several (an inside proxy forks); its 2xx leaves one.
struct Side {
    std::string tag;
    std::vector<pinhole::Claim> accepted;
    // The answer that a provisional response to a re-INVITE brought: beside what is accepted until the final response
    // takes it, or a failure takes it back (RFC 6141).
    std::vector<pinhole::Claim> provisional;
    // It was made in a response: the outside's ACK or PRACK answers it, and no offer of a request. Of several telephones
    // each has its own (RFC 3262 5).
    std::vector<pinhole::Claim> offered;
    // There was an exchange after the INVITE's own, by UPDATE or PRACK, before the INVITE's final response: a description in
    // such a response repeats the session of before, or of now, and takes nothing back.
    bool is_updated = false;
    KeptRemote updated; // what the outside has said in it, of a call begun outside; null where there was no room
};

// A claim that a re-INVITE moved away from: kept until media reaches the new one, or `until`.
inline constexpr std::chrono::seconds move_grace{5};
struct Moving {
    pinhole::Claim claim;
    pinhole::HoleKey successor;
    TimePoint until; // the move + move_grace
    // The successor has other media too: had it before the move, or is first of all another m-line's. Packets there tell nothing.
    bool is_shared = false;
};

// The claim of the same m-line and component among these; the end where there is none.
std::vector<pinhole::Claim>::const_iterator successor_of(const pinhole::Claim& before,
                                                         const std::vector<pinhole::Claim>& claims);

// Of a call begun outside: whose it is, for the ceilings (ceilings.hpp).
struct Outset {
    struct known_key source; // the caller's address or IPv6 /64, port 0; or exactly from where he is registered
    uint8_t zone = 0;
    bool is_strangers = false;
    bool is_half_open = true;
    bool is_by_stream = false;  // its INVITE came over TCP, where the programs refuse none
    bool opens_nothing = false; // begun past a ceiling, with no ports left for strangers
};

// A call whose inside names an address for media that is neither protected nor external.
struct Elsewhere {
    std::string call_id;
    Endpoint named;
    Counterpart party;
};

// Of a leg's record as it stands in `dialogs`, what tells how to change it in place (record.hpp).
struct Put {
    uint64_t tags = 0; // hash of both, unkeyed
    uint8_t claims = 0, offered = 0;
};

struct Leg {
    LegId id = 0;
    uint64_t group = 0; // the INVITE that forked it
    std::string call_id, outside_tag;
    uint64_t tag_key = 0; // the table's, of both
    std::string from, to; // URIs of the initial INVITE, for people
    bool begun_inside = false;
    bool is_strangers = false;    // begun outside by nobody declared: counts against their share while it waits
    std::optional<Outset> outset; // none: its call is not counted
    LegState state = LegState::early;
    Counterpart counterpart;
    std::vector<Side> sides; // at least one once the inside's tag is known

    std::vector<pinhole::Claim> offered; // claims of a request's offer that left and is not answered yet
    std::optional<TimePoint>
        offered_until;             // of one in a dialog's request: without a final response by then it has failed
    KeptRemote remote_offer;       // arrived, the inside has not answered yet
    uint64_t remote_offer_by = 0;  // its transaction; 0: of before a restart, or in a response
    bool has_offer_to_ack = false; // in a response: the inside's ACK or PRACK answers it, and nothing takes its place
    std::vector<Moving> moving;
    // It answered an INVITE of the inside that another had answered: until the inside's ACK it opens nothing, and lets
    // nobody send. Then it claims these.
    bool awaits_ack = false;
    std::vector<pinhole::Claim> with_the_ack;
    std::optional<Endpoint> elsewhere; // what its inside named last for media, where that is not ours
    std::vector<Endpoint> reached_at;  // learned SIP ports that its inside has named, or answered from
    size_t reached_at_counted = 0;     // of these, by LearnedPorts

    TimePoint started, deadline;            // max_call, absolute
    int64_t started_s = 0;                  // CLOCK_REALTIME
    std::optional<TimePoint> soft_deadline; // early, or Session-Expires
    std::optional<TimePoint> end_at;        // let go after a retryable failure, or when a BYE stays unanswered
    TimePoint next_look;                    // when the table's clock asks for it again
    uint32_t inside_cseq = 0, outside_cseq = 0;
    struct known_key party{}; // as who its party is known (parties.hpp)
    bool is_party = false;
    bool bye_from_inside = false;
    bool is_recorded = false;  // stands in `dialogs`, or will with the next plan
    bool is_put = false;       // stands there
    std::optional<Put> put;    // as this; nothing after a restart, until it is put anew
    uint8_t counted_as = 0;    // of those on record, by state (enum dialog_state); 0: not yet
    bool has_outlived = false; // ended by max_call, without a BYE
    bool is_announced = false; // the operator has read that it was answered
    bool is_unheard = false;   // nobody has responded to its INVITE
    bool is_answered = false;  // by a 2xx that we saw, not only by an ACK
    bool is_midway = false;    // known by an offer in the dialog alone, until that is taken
    bool is_restored = false;  // its transactions are forgotten: tags and CSeq must do
    // Not those of an INVITE, or an offer, that has left the inside since.
    bool has_invited_since = false, has_offered_since = false;

    void forget_offer();
    void forget_remote_offer();
    bool is_unanswered() const; // its INVITE: no other offer has a part in it yet (RFC 3261 13.2.1)
    Side& side(std::string_view inside_tag);
    bool has_inside_tag(std::string_view tag) const;
    bool has_offer_in_response() const; // that waits for the outside's ACK or PRACK
    std::string_view inside_tag() const {
        return sides.empty() ? std::string_view("") : std::string_view(sides.front().tag);
    }
    // Everything the leg claims now: accepted, merely offered, and moving away.
    std::vector<pinhole::Claim> claims() const;
    std::vector<pinhole::HoleKey> keys() const; // theirs, in their order
    void hold_back();                           // all of them, until acknowledged()
    void acknowledged();
};

} // namespace ringwall::dialog
