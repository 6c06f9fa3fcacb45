// SPDX-License-Identifier: Apache-2.0
// What a message says: SIP and SDP are read and made into what they mean to the calls (dialog::Event). What they say of
// people and places beside the calls goes to dialog::Outsiders. What cannot be read is counted, and means nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/datagram.hpp"
#include "agent/dialog/outsiders.hpp"
#include "agent/dialog/table.hpp"
#include "agent/journal.hpp"
#include "agent/now.hpp"
#include "agent/pinhole/book.hpp"
#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"

namespace ringwall {

class Reader {
public:
    // All of them outlive the reader.
    Reader(const dialog::KeyedHash& hash, const policy::View& policy, dialog::Table& table, const pinhole::Book& book,
           dialog::Outsiders& outsiders, Journal& journal)
        : hash_(hash), policy_(policy), table_(table), book_(book), outsiders_(outsiders), journal_(journal) {}

    // Nothing for keepalives and for what is no readable message. The event looks into the reader and the datagram: it
    // lives until the next call.
    std::optional<dialog::Event> read(const Datagram& datagram, Now now);

private:
    using TimePoint = pinhole::TimePoint;

    void note_binding(const sip::StunBinding& binding, const Datagram& datagram, TimePoint now);
    bool has_readable_message(const Datagram& datagram);
    bool has_readable_sdp();
    dialog::Event event_of(const Datagram& datagram, const dialog::Counterpart& counterpart, Now now);
    void note_caller(dialog::Event& event) const;
    bool is_handed_on() const;
    std::vector<pinhole::Claim> claims(const Datagram& datagram, const dialog::Counterpart& counterpart, TimePoint now,
                                       dialog::OfferRefusals& refusals);
    std::vector<pinhole::Claim> trickled(const Datagram& datagram, const dialog::Counterpart& counterpart,
                                         TimePoint now);
    dialog::Remote remote(const Endpoint& source) const;
    bool is_no_registrars_call(const Datagram& datagram, const dialog::Counterpart& counterpart, TimePoint now) const;
    std::optional<std::vector<pinhole::Claim>> offered(const Datagram& datagram, const dialog::Counterpart& counterpart,
                                                       TimePoint now, dialog::OfferRefusals& refusals);
    bool is_claimed(const Endpoint& inside) const;
    void note_outside_names(const dialog::Event& event, const Datagram& datagram, bool has_sdp);
    void note_unread(const Datagram& datagram, TimePoint now);
    bool goes_on(const Datagram& datagram) const; // behind its Content-Length
    bool has_hidden_sdp(const Datagram& datagram);
    bool has_trickled();
    void name(const IpAddress& to, dialog::Described& described) const;
    dialog::Described::By said_by(const dialog::Event& event);
    void note_parties(const Datagram& datagram, const dialog::Counterpart& counterpart, dialog::Event& event);

    dialog::KeyedHash hash_;
    const policy::View& policy_;
    dialog::Table& table_;
    const pinhole::Book& book_;
    dialog::Outsiders& outsiders_;
    Journal& journal_;
    sip::Message message_; // large: parsed in place, one at a time
    sdp::Session session_;
    std::string fragment_text_; // what `session_` looks into, of a trickled fragment
};

} // namespace ringwall
