// SPDX-License-Identifier: Apache-2.0
// What the signalling says of strangers: who has registered and is none any more, who guesses passwords and names, who
// comes with an attack tool; and who of these is where he says he is, so that he may be banned (docs/adr/0018). Nothing
// here bans a declared peer, an allowed source, or who is registered or in a call that the inside began.
#pragma once

#include <deque>
#include <map>
#include <unordered_map>

#include "agent/datagram.hpp"
#include "agent/dialog/bindings.hpp"
#include "agent/dialog/guesses.hpp"
#include "agent/dialog/parties.hpp"
#include "maps/abi/ban.h"
#include "policy/compile.hpp"

namespace ringwall::dialog {

// One message that crossed the wall, and with whom.
struct Exchange {
    const sip::Message& message;
    Protocol protocol;
    Endpoint outside;
    uint8_t zone;
    const policy::View& policy;
    Parties& parties;
    TimePoint now;
};

struct Conviction {
    struct ban_key key;
    enum ban_cause cause;
    uint32_t count;
    std::chrono::nanoseconds length;
};

struct ban ban_of(const Conviction& conviction, pinhole::TimePoint now);
std::string sentence_of(const Conviction& conviction); // for the log

struct DefenceCounters {
    uint64_t sources_proven = 0, sources_unproven_full = 0;
    uint64_t guesses_passwords = 0, guesses_names = 0;
    uint64_t attack_tools = 0;
    uint64_t excess_packets = 0;    // of watched sources
    uint64_t phones_registered = 0; // bindings made or renewed
};

class Defence {
public:
    static constexpr size_t capacity_asked =
        65536; // requests that wait for their answer; half for those with our nonce
    static constexpr std::chrono::seconds asked_life{40};
    static constexpr size_t capacity_proven = 65536;
    static constexpr uint32_t most_excess = 100; // packets over the limits, within
    static constexpr std::chrono::minutes excess_window{1};

    explicit Defence(const KeyedHash& hash) : hash_(hash), bindings_(hash) {}

    void on_request(const Exchange& from); // inwards
    void on_response(const Exchange& to);  // outwards
    // Of sources that have shown where they are, in zones that ban for it: what each has sent over its limits, as the kernel
    // has counted it since it was first watched.
    std::vector<Endpoint> watched() const;
    void on_excess(const Endpoint& source, uint32_t packets, const policy::View& policy, Parties& parties,
                   TimePoint now);
    void tick(TimePoint now);
    std::vector<Conviction> take_convictions() { return std::exchange(convictions_, {}); }
    const DefenceCounters& counters() const { return counters_; }

private:
    struct Asked {
        Endpoint from;
        bool has_tag = false; // of the inside: what the answer repeats was no secret
        bool has_credentials = false;
        bool answers_challenge = false;
        bool is_proof = false; // itself: what another request has shown speaks for no forgery
        bool is_attack_tool = false;
        bool is_answered = false;
        std::optional<Bindings::Wanted> wanted; // by a REGISTER
    };
    uint64_t transaction(const sip::Message& message) const;
    uint64_t tag_token(std::string_view tag) const { return hash_({"tag", tag}); }
    uint64_t nonce_token(std::string_view nonce) const { return hash_({"nonce", nonce}); }
    // What a request brings back: a nonce that the inside has given out lately, to whomever; what nobody else can know.
    struct Heard {
        bool answers_challenge = false, is_proof = false;
    };
    Heard heard_echo(const Exchange& from);
    Challenges::Echo echo(uint64_t token, const Exchange& from, Heard& heard);
    void remember(const Exchange& from, const Heard& heard, bool is_attack_tool);
    bool has_attack_tool(const Exchange& from);
    void convict_tool(const Exchange& who);
    void hand_out(const Exchange& to, const Asked& asked, std::optional<Guess> refused);
    void accepted(const Exchange& to, const Asked& asked);
    void prove(const Exchange& whom);
    bool is_proven(const Endpoint& outside, TimePoint now) const;
    void guessed(Guess guess, const Exchange& who);
    void watch(const Exchange& whom);
    struct Suspect {
        Endpoint outside;
        const Parties& parties;
        TimePoint now;
    };
    void convict(const Suspect& who, enum ban_cause cause, uint32_t count, std::chrono::nanoseconds length,
                 bool is_alone);

    KeyedHash hash_;
    Challenges challenges_;
    Guesses guesses_;
    Bindings bindings_;
    std::unordered_map<uint64_t, Asked> asked_;
    std::deque<std::pair<TimePoint, uint64_t>> asked_order_;
    std::map<Endpoint, TimePoint> proven_; // ordered, not hashed: outsiders choose the endpoints
    struct Excess {
        uint32_t seen = 0; // of the kernel's count
        uint32_t packets = 0;
        TimePoint since{}, watched_until{};
    };
    std::map<Endpoint, Excess> excess_;
    std::vector<Conviction> convictions_;
    TimePoint next_tick_{};
    DefenceCounters counters_;
};

} // namespace ringwall::dialog
