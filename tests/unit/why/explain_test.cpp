// SPDX-License-Identifier: Apache-2.0
#include "agent/why/explain.hpp"

#include <algorithm>
#include <cstring>

#include "agent/why/mend.hpp"
#include "maps/abi/reason.h"
#include "maps/reasons.hpp"
#include "tests/unit/why/example.hpp"

namespace ringwall::why {
namespace {

const Lines& lines() {
    static const Lines of_example(example());
    return of_example;
}

Question media(const std::string& source) {
    Question question = ask(source, "192.0.2.10:10000");
    question.media = Media::rtp;
    return question;
}
Question sip(const std::string& source, const std::string& method) {
    Question question = ask(source, "192.0.2.10:5060");
    question.method = method;
    return question;
}

const Step* find(const Answer& answer, std::string_view name) {
    const auto found = std::ranges::find(answer.steps, name, &Step::name);
    return found == answer.steps.end() ? nullptr : &*found;
}
std::string says(const Answer& answer, std::string_view name) {
    const Step* step = find(answer, name);
    return step == nullptr ? "nothing" : step->says + (step->where.empty() ? "" : " (" + step->where + ")");
}

Evidence in_call(const Question& question, uint64_t phase = PHASE_ANSWERED) {
    Evidence evidence = evidence_of(question);
    evidence.hole.emplace();
    evidence.hole->value.ctl = phase << CTL_PHASE_SHIFT | uint64_t{CONSTRAINT_PEERS} << CTL_CONSTRAINT_SHIFT |
                               uint64_t{COMPONENT_RTP} << CTL_COMPONENT_SHIFT | uint64_t{1} << CTL_ZONE_SHIFT;
    evidence.hole->value.deadline_ns = evidence.now_ns + 1'000'000'000;
    evidence.hole->peers.count = 1;
    evidence.hole->peers.peer[0] = Endpoint::parse("198.51.100.7:30000")->abi();
    evidence.owner.emplace();
    std::strcpy(evidence.owner->call_id, "a84b4c76");
    evidence.owner->state = DIALOG_CONFIRMED;
    return evidence;
}

TEST(Explain, has_a_step_and_a_sentence_for_every_reason) {
    for (uint32_t reason = 1; reason < REASON_LIMIT; ++reason) {
        const auto text = reason_text(reason);
        if (text.label.empty()) continue;
        EXPECT_EQ(step_of(reason) == 0, reason >= REASON_out_other) << text.label;
        EXPECT_LE(step_of(reason), 10U) << text.label;
        const Question question = media("198.51.100.7:30000");
        for (const Evidence& evidence : {evidence_of(question), in_call(question), in_call(question, PHASE_CLOSED)}) {
            const Answer answer = explain(question, evidence, reason, lines());
            EXPECT_NE(answer.sentence.find(text.sentence), std::string::npos) << text.label;
            EXPECT_EQ(answer.steps.back().says, (text.is_drop ? "drop " : "pass ") + std::string(text.label));
        }
    }
}

TEST(Explain, names_the_call_its_peer_and_the_line) {
    const Question question = media("198.51.100.7:30000");
    const Answer answer = explain(question, in_call(question), REASON_pinhole_rtp, lines());
    EXPECT_EQ(
        answer.sentence,
        "UDP (rtp) from 198.51.100.7:30000 to 192.0.2.10:10000 would pass: media of a call, from the source it "
        "negotiated: 192.0.2.10:10000 is of call a84b4c76, answered, rtp from 198.51.100.7:30000 of peer provider "
        "(wall.yaml:8)");
    EXPECT_EQ(says(answer, "destination"), "192.0.2.10 is protected (wall.yaml:4)");
    EXPECT_EQ(says(answer, "source"), "198.51.100.7 is of peer provider (wall.yaml:8)");
    EXPECT_EQ(says(answer, "bans"), "198.51.100.7 is not banned");
    EXPECT_EQ(says(answer, "sip"), "UDP 10000 is no SIP port");
    EXPECT_EQ(find(answer, "rules"), nullptr) << "behind the verdict";
    EXPECT_TRUE(answer.mend.empty());
}

TEST(Explain, says_when_a_call_has_ended) {
    const Question question = media("198.51.100.7:30000");
    Evidence evidence = in_call(question, PHASE_CLOSED);
    evidence.owner->state = DIALOG_ENDED;
    evidence.owner->deadline_ns = evidence.now_ns - 3'000'000'000;
    const Answer answer = explain(question, evidence, REASON_call_ended, lines());
    EXPECT_NE(answer.sentence.find("192.0.2.10:10000 is of call a84b4c76, ended 3 s ago"), std::string::npos)
        << answer.sentence;
}

TEST(Explain, says_who_was_expected_and_which_setting_would_allow_who_came) {
    const Question question = media("203.0.113.9:30000");
    const Answer answer = explain(question, in_call(question), REASON_rtp_injection, lines());
    EXPECT_NE(answer.sentence.find("from 198.51.100.7:30000 of peer provider (wall.yaml:8); 203.0.113.9:30000 came"),
              std::string::npos)
        << answer.sentence;
    EXPECT_EQ(answer.mend, "if it is theirs, add 203.0.113.9 to the networks of peer provider");
}

TEST(Explain, names_the_line_of_a_list_and_of_a_rule) {
    Answer answer = explain(media("203.0.113.130:1"), evidence_of(media("203.0.113.130:1")), REASON_denied, lines());
    EXPECT_NE(answer.sentence.find("203.0.113.128/26 is denied (wall.yaml:15)"), std::string::npos) << answer.sentence;
    const Question question = media("203.0.113.5:1");
    Evidence evidence = evidence_of(question);
    evidence.rules = {0};
    answer = explain(question, evidence, REASON_rule, lines());
    EXPECT_NE(answer.sentence.find("rules[0] lets it through (conf.d/rules.yaml:2)"), std::string::npos)
        << answer.sentence;
}

TEST(Explain, says_who_may_speak_sip_and_how_much) {
    const Question invite = sip("198.51.100.7:5060", "INVITE");
    Evidence evidence = evidence_of(invite);
    evidence.headroom = {.more = 2, .is_counted = true, .next_in_ns = std::nullopt};
    Answer answer = explain(invite, evidence, REASON_sip, lines());
    EXPECT_EQ(says(answer, "sip"), "UDP 5060 is a SIP port");
    EXPECT_EQ(says(answer, "admission"), "peer provider may speak SIP (wall.yaml:8)");
    EXPECT_EQ(says(answer, "limits"), "INVITE: 10/min burst 1 of each source; 2 like it would pass now (wall.yaml:8)");
    const Question stranger = sip("203.0.113.9:5060", "INVITE");
    answer = explain(stranger, evidence_of(stranger), REASON_not_a_peer, lines());
    EXPECT_EQ(says(answer, "admission"), "zone internet may not speak SIP: sip is not yes (wall.yaml:10)");
    EXPECT_EQ(answer.mend, "declare 203.0.113.9 as a peer, or set sip: yes for zone internet (wall.yaml:10)");
    answer = explain(invite, evidence, REASON_calls_full, lines());
    EXPECT_EQ(answer.mend, "calls of peer provider, or ceilings.calls");
    answer = explain(invite, evidence, REASON_total_limited, lines());
    EXPECT_EQ(answer.mend, "total_limits of peer provider");
}

TEST(Explain, says_the_limit_that_has_refused_and_its_place) {
    const Question options = sip("198.51.100.7:5060", "OPTIONS");
    Evidence evidence = evidence_of(options);
    evidence.headroom = {.more = 0, .is_counted = true, .next_in_ns = 60'000'000'000};
    const Answer answer = explain(options, evidence, REASON_total_limited, lines());
    EXPECT_EQ(
        says(answer, "limits"),
        "OPTIONS: 20/s burst 50 of each source, 1/min burst 5 in total; 0 like it would pass now, the next in 60 s "
        "(wall.yaml:8)");
}

TEST(Explain, names_the_zone_that_admits_where_no_peers_are_declared) {
    const auto config = policy::read(std::vector<policy::ConfigFile>{
        {"w.yaml",
         "version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-20000 }\n"
         "zones: [{ name: z, networks: [203.0.113.0/24],\n  sip: yes }]\n"
         "allow:\n  - { file: /l }\n  - 203.0.113.2\n  - { network: 203.0.113.3, bypass: all }\n"}});
    ASSERT_TRUE(config);
    const policy::View view(*config, {});
    const Lines of_zone(view);
    const auto admission = [&](const std::string& source) {
        const Question question = sip(source, "INVITE");
        Evidence evidence = evidence_of(question);
        evidence.wall = view.compiled().wall;
        evidence.source = view.lookup().find(question.source.address);
        evidence.zone = view.compiled().zones[evidence.source.zone];
        return says(explain(question, evidence, REASON_sip, of_zone), "admission");
    };
    EXPECT_EQ(admission("203.0.113.9:5060"), "zone z may speak SIP (w.yaml:5)");
    EXPECT_EQ(admission("198.18.0.9:5060"), "no peers are declared: every source may speak SIP");
    const Question bypassing = media("203.0.113.3:1");
    Evidence evidence = evidence_of(bypassing);
    evidence.source = view.lookup().find(bypassing.source.address);
    const Answer answer = explain(bypassing, evidence, REASON_bypass, of_zone);
    EXPECT_EQ(says(answer, "lists"), "203.0.113.3/32 is allowed, to guarded ports too (w.yaml:9)");
    EXPECT_EQ(std::ranges::count(answer.steps, "lists", &Step::name), 1);
}

TEST(Explain, of_a_limit_names_the_setting_for_an_office) {
    const Question office = sip("203.0.113.9:5060", "REGISTER");
    Evidence evidence = evidence_of(office);
    evidence.limited_lately = "REGISTER of this source dropped 3 s ago";
    const Answer answer = explain(office, evidence, REASON_rate_limited, lines());
    EXPECT_NE(answer.mend.find("office-of: N for N telephones behind one address"), std::string::npos) << answer.mend;
    EXPECT_EQ(says(answer, "lately"), "REGISTER of this source dropped 3 s ago");
    const Question trunk = sip("198.51.100.7:5060", "INVITE");
    EXPECT_EQ(explain(trunk, evidence_of(trunk), REASON_rate_limited, lines()).mend.find("office"), std::string::npos);
}

TEST(Explain, says_why_a_ban_does_not_reach) {
    const Question question = media("198.51.100.7:30000");
    Evidence evidence = in_call(question);
    struct ban ban = {};
    ban.until_ns = evidence.now_ns + 600'000'000'000;
    ban.cause = BAN_CAUSE_passwords;
    ban.count = 20;
    evidence.bans = {{ban_key{question.source.address.abi(), BAN_ADDRESS}, ban}};
    EXPECT_EQ(says(explain(question, evidence, REASON_pinhole_rtp, lines()), "bans"),
              "198.51.100.7 is banned for wrong passwords (20), 10 min left: not for a declared peer");
    EXPECT_NE(explain(question, evidence, REASON_banned, lines()).sentence.find("10 min left"), std::string::npos);
}

TEST(Explain, says_that_monitor_mode_lets_a_drop_pass) {
    const Question question = media("198.51.100.7:30000");
    Evidence evidence = evidence_of(question);
    evidence.wall.flags |= WALL_MONITOR;
    const Answer answer = explain(question, evidence, REASON_no_pinhole, lines());
    EXPECT_NE(answer.sentence.find("would pass as the mode is monitor, and drop in mode enforce"), std::string::npos);
}

TEST(Explain, says_since_when_the_agent_is_gone) {
    const Question question = media("198.51.100.7:30000");
    Evidence evidence = evidence_of(question);
    evidence.heartbeat_ns = evidence.now_ns - 42'000'000'000;
    const Answer answer = explain(question, evidence, REASON_agent_lost, lines());
    EXPECT_EQ(says(answer, "agent"), "the agent has given no sign of life for 42 s");
}

TEST(Explain, says_durations_in_the_unit_that_fits) {
    EXPECT_EQ(seconds_text(0), "0.0 s");
    EXPECT_EQ(seconds_text(949'999'999), "0.9 s");
    EXPECT_EQ(seconds_text(950'000'000), "1 s");
    EXPECT_EQ(seconds_text(119'000'000'000), "119 s");
    EXPECT_EQ(seconds_text(120'000'000'000), "2 min");
    EXPECT_EQ(seconds_text(7'260'000'000'000), "2 h 1 min");
    EXPECT_EQ(seconds_text(172'800'000'000'000), "2 d");
}

TEST(Lines, tell_whether_the_file_still_says_what_is_in_force) {
    const auto source = *IpAddress::parse("198.51.100.7");
    struct network held = example().lookup().find(source);
    EXPECT_TRUE(lines().agrees(source, held));
    held.zone = 2;
    EXPECT_FALSE(lines().agrees(source, held));
}

} // namespace
} // namespace ringwall::why
