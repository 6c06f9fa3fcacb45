// SPDX-License-Identifier: Apache-2.0
#include "agent/why/question.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/pinhole/control_word.hpp"
#include "agent/text/ascii.hpp"
#include "maps/reasons.hpp"

namespace ringwall::why {
namespace {

constexpr Port usual_media_port{30000}, usual_client_port{40000};
constexpr std::array<std::pair<std::string_view, Media>, 5> media_words{{{"rtp", Media::rtp},
                                                                         {"rtcp", Media::rtcp},
                                                                         {"stun", Media::stun},
                                                                         {"dtls", Media::dtls},
                                                                         {"udptl", Media::udptl}}};

using Fault = tl::unexpected<std::string>;

// An endpoint, or an address alone: port 0.
std::optional<Endpoint> endpoint_of(std::string_view text) {
    if (const auto endpoint = Endpoint::parse(text))
        return endpoint->port.value == 0 ? std::nullopt : endpoint; // there is no such port to ask about
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    if (const auto address = IpAddress::parse(text)) return Endpoint{*address, Port{}};
    return std::nullopt;
}

std::optional<Media> media_of(std::string_view word) {
    const auto found = std::ranges::find(media_words, word, &std::pair<std::string_view, Media>::first);
    return found == media_words.end() ? std::nullopt : std::optional(found->second);
}

bool is_method(std::string_view word) {
    if (word == "response" || word == "keepalive") return true;
    for (uint32_t number = 0; number < CLASS_OTHER; ++number)
        if (class_name(number) == word) return true;
    return false;
}

Way way_of(const Asked& asked, const Question& question, const policy::View& policy) {
    if (!asked.way.empty()) return asked.way == "out" ? Way::out : Way::in;
    const bool leaves =
        policy.is_protected(question.source.address) && !policy.is_protected(question.destination.address);
    return leaves ? Way::out : Way::in;
}

bool has(uint64_t bits, Port port) { return (bits >> (port.value & 63) & 1) != 0; }

Media media_for(const Evidence& evidence) {
    if (!evidence.hole) return Media::rtp;
    switch (pinhole::ControlWord::of(evidence.hole->value.ctl).component) {
        case COMPONENT_RTCP: return Media::rtcp;
        case COMPONENT_UDPTL: return Media::udptl;
        default: return Media::rtp;
    }
}

// Where one who may send is at that address, he sends from where he said.
std::optional<Port> negotiated_port(const Evidence& evidence, const IpAddress& outside) {
    if (!evidence.hole) return std::nullopt;
    const auto& peers = evidence.hole->peers;
    for (uint32_t i = 0; i < std::min<uint32_t>(peers.count, PEERS_PER_SET); ++i) {
        const Endpoint peer = Endpoint::from(peers.peer[i]);
        if (peer.address == outside && peer.port.value != 0) return peer.port;
    }
    return std::nullopt;
}

Port usual_port(const Question& question, const Evidence& evidence) {
    if (question.protocol == Protocol::tcp) return usual_client_port;
    if (!question.method.empty()) return Port{5060};
    return negotiated_port(evidence, question.outside().address).value_or(usual_media_port);
}

std::string lowered(std::string word) {
    std::ranges::transform(word, word.begin(), text::lower);
    return word;
}

// Words that do not go together; empty where they do. Nothing that was said is passed over.
std::string contradiction(const Asked& asked) {
    const bool is_tcp = asked.protocol == "tcp";
    if (!asked.method.empty() && !asked.media.empty()) return "--method or --media, not both";
    if (is_tcp && !asked.media.empty()) return "--media is of UDP";
    if (!is_tcp && asked.is_established) return "--established is of TCP: say tcp behind the addresses";
    if (is_tcp && !asked.method.empty() && !asked.is_established)
        return "--method of TCP wants --established: a SYN carries none";
    return {};
}

Asked with_lower_words(Asked asked) {
    asked.protocol = lowered(asked.protocol);
    asked.media = lowered(asked.media);
    return asked;
}

} // namespace

std::string mistake_in(const Asked& as_typed) {
    const Asked asked = with_lower_words(as_typed);
    const auto source = endpoint_of(asked.source), destination = endpoint_of(asked.destination);
    for (const auto& [end, text] : {std::pair(source, asked.source), std::pair(destination, asked.destination)})
        if (!end) return "got \"" + text + "\", expected ADDRESS or ADDRESS:PORT; IPv6 as [ADDRESS]:PORT";
    if (source->address.is_v4() != destination->address.is_v4()) return "both ends must be of one family, IPv4 or IPv6";
    if (!asked.protocol.empty() && asked.protocol != "udp" && asked.protocol != "tcp") return "expected udp or tcp";
    if (!asked.method.empty() && !is_method(asked.method))
        return "--method: expected a method such as INVITE, response or keepalive";
    if (!asked.media.empty() && !media_of(asked.media)) return "--media: expected rtp, rtcp, stun, dtls or udptl";
    return contradiction(asked);
}

Result<Question, std::string> question_of(const Asked& as_typed, const policy::View& policy) {
    if (auto wrong = mistake_in(as_typed); !wrong.empty()) return Fault(std::move(wrong));
    const Asked asked = with_lower_words(as_typed);
    const auto source = endpoint_of(asked.source), destination = endpoint_of(asked.destination);
    Question question{.source = *source,
                      .destination = *destination,
                      .protocol = asked.protocol == "tcp" ? Protocol::tcp : Protocol::udp,
                      .method = asked.method,
                      .media = media_of(asked.media),
                      .is_established = asked.is_established};
    question.source.address = policy.inside_of(source->address);
    question.destination.address = policy.inside_of(destination->address);
    question.way = way_of(asked, question, policy);
    if (destination->port.value == 0 && question.way == Way::in) {
        const auto& sip = question.protocol == Protocol::udp ? policy.config().sip_udp : policy.config().sip_tcp;
        if (sip.empty()) return Fault("say the port of " + asked.destination + ": no SIP port is configured");
        question.destination.port = sip.front();
    }
    return question;
}

void complete(Question& question, const Evidence& evidence, const policy::View& /*policy*/) {
    const Port inside = question.inside().port;
    if (question.protocol == Protocol::udp && question.method.empty() && !question.media) {
        const bool is_sip = has(evidence.bits.sip_udp, inside) || evidence.learned;
        if (is_sip) question.method = question.way == Way::in ? "INVITE" : "OPTIONS";
        else question.media = media_for(evidence);
    }
    if (question.is_established && question.protocol == Protocol::tcp && question.method.empty() &&
        has(evidence.bits.sip_tcp, inside))
        question.method = "INVITE";
    for (Endpoint* end : {&question.source, &question.destination})
        if (end->port.value == 0) end->port = usual_port(question, evidence);
}

std::string_view to_string(Media media) {
    const auto found = std::ranges::find(media_words, media, &std::pair<std::string_view, Media>::second);
    return found->first;
}

std::string carries(const Question& question) {
    if (question.protocol == Protocol::tcp && !question.is_established) return "SYN";
    if (!question.method.empty()) return question.method;
    return question.media ? std::string(to_string(*question.media)) : std::string();
}

} // namespace ringwall::why
