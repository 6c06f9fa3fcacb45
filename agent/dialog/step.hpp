// SPDX-License-Identifier: Apache-2.0
// One message against the table: RFC 3261 12-15 (dialogs, BYE), RFC 3264/6337 (offer and answer), RFC 3262 (PRACK),
// RFC 3311 (UPDATE), each as seen by a wall between the two sides. Private to the table.
#pragma once

#include "agent/dialog/table.hpp"

namespace ringwall::dialog {

// To tags of one INVITE: whoever is called chooses them, here or beyond a proxy.
inline constexpr size_t most_forks = 64;

class Table::Step {
public:
    Step(Table& table, const Event& event, Effects& effects)
        : table_(table), event_(event), message_(event.message), effects_(effects) {}

    void on_request();
    void on_response();

private:
    // requests
    void initial_invite();
    bool is_retransmission();
    Transaction* begin(Share share); // null where there is no room, counted
    Share share_of_call() const;     // of a request within a call that is known
    Share share_of_invite();
    bool keep_description();         // of a request that may wait for an answer; false where there is no room, counted
    KeptRemote kept(SaidIn said_in); // event_.remote; null as above
    static SaidIn said_in(const Transaction& answered); // of a response
    void initial_invite_out(Transaction& transaction);
    void initial_invite_in(Transaction& transaction);
    void offer_in_dialog();
    void ack();
    void bye();
    void cancel();
    void in_dialog(Leg& leg); // any other method

    // responses
    void initial_response_in(Transaction& transaction);  // to an INVITE that the inside sent
    void initial_response_out(Transaction& transaction); // to one that came from outside
    void failed(Transaction& transaction);
    bool is_to_sender(const Transaction& transaction) const; // a response of the inside goes to who sent the request
    void answered_beside(Leg& leg);
    void end_after(Leg& leg, std::chrono::nanoseconds time) {
        leg.end_at = event_.now + time;
        table_.schedule(leg, event_.now);
    }
    // As long as confirm() does not make it a call. On record: a restart keeps to it.
    void end_unless_confirmed(Leg& leg) {
        end_after(leg, table_.timers_.bye);
        leg.deadline = std::min(leg.deadline, *leg.end_at); // after a restart the CANCEL may come again
        changed(leg);
    }
    void response_in_dialog(Transaction& transaction);
    static void updated(Side& side, KeptRemote remote);
    void response_to_bye(const Transaction& transaction);
    bool has_ended(const Transaction& transaction) const; // a BYE, and its call is over
    void follow(LegId id); // the inside has accepted a request; the party behind NAT may be elsewhere now

    // offer and answer
    void answered_by_outside(Leg& leg, Side& side, const std::vector<pinhole::Claim>& offer, bool is_final);
    void answered_by_inside(Leg& leg, Side& side, const Remote& remote, bool is_final);
    void accept(Leg& leg, Side& side, std::vector<pinhole::Claim> claims, bool is_final);
    void settle(Leg& leg, Side& side, std::vector<pinhole::Claim> claims);
    // An ACK or PRACK with a description answers the offer of a response, and no other (RFC 3261 13.2.1, RFC 3262 5).
    bool answers_outside(const Leg& leg) const {
        return event_.outbound && event_.offer && leg.remote_offer && leg.has_offer_to_ack;
    }
    bool answers_inside(const Leg& leg) const {
        return !event_.outbound && event_.remote && std::ranges::any_of(leg.sides, [&](const Side& side) {
            return side.tag == inside_tag() && !side.offered.empty();
        });
    }
    void offered_by_inside(Leg& leg);
    void offered_by_outside(Leg& leg, const Transaction& transaction); // in a response
    void trickled_by_inside(Leg& leg);
    void confirm(Leg& leg);
    void renew(Leg& leg);
    void tried(Leg* leg);
    void ring_on(Leg* leg);

    // which leg
    template <class Fits>
    Leg* leg_of_dialog(const Fits& fits);
    Leg* leg_by_tags();                  // in-dialog request or response: Call-ID and both tags
    Leg* fork(Transaction& transaction); // the leg of this response's To tag
    Leg* create_fork(const Transaction& transaction);
    Leg* another_answer(const Transaction& transaction); // of the inside, to an INVITE that it has answered
    void find_dialog(Transaction& transaction);          // of an INVITE without To tag that turns out to be a re-INVITE
    Leg* adopt_midway(Transaction& transaction);         // a call that began before we did
    Transaction* remembered();                           // of a leg whose transaction is forgotten
    LegId id_of_invite(std::string_view to_tag) const;   // that an INVITE of this branch began, or its fork to this tag
    Leg* leg_of_invite();                                // either
    Leg* leg_of_answer();                                // that such a response is about
    bool names_nothing_new(const Leg& leg) const;        // no port beside those accepted
    void end_dialog();
    void end_other_forks(const Leg& winner);

    std::string_view outside_tag() const {
        return event_.outbound == message_.is_request ? message_.to.tag : message_.from.tag;
    }
    std::string_view inside_tag() const {
        return event_.outbound == message_.is_request ? message_.from.tag : message_.to.tag;
    }
    bool is_strangers() const { return !event_.outbound && !event_.counterpart.is_declared && !event_.is_trusted; }
    bool is_success() const { return message_.status >= 200 && message_.status < 300; }
    bool is_provisional() const { return message_.status < 200; }
    void changed(const Leg& leg) { effects_.changed.insert(leg.id); }

    Table& table_;
    const Event& event_;
    const sip::Message& message_;
    Effects& effects_;
    Transaction remembered_;
    KeptRemote kept_; // event_.remote, where it waits
};

} // namespace ringwall::dialog
