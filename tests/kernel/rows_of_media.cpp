// SPDX-License-Identifier: Apache-2.0
// Step 7: kinds of media, what of them was negotiated, and ICE.
#include "tests/kernel/every_verdict.hpp"

namespace ringwall::test {
namespace {

constexpr uint32_t counting = PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_COUNT;
constexpr uint32_t enforcing = PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_ENFORCE;
const std::string ufrag = "8hhY";

void only_type_zero(struct pinhole& value) { value.payload_types[0] = 1, value.payload_types[1] = 0; }
template <uint32_t component, uint32_t flags>
void of(EveryVerdict& wall) {
    wall.hole({.component = component, .flags = flags});
}
void ice(EveryVerdict& wall) { wall.hole({.flags = PINHOLE_ICE | PINHOLE_CHECK_MEDIA, .ufrag = ufrag}); }
Shot bytes(std::initializer_list<uint8_t> first, size_t length = 200) { return {.payload = bytes_of(first, length)}; }

const Shot dtls = bytes({22, 0xfe, 0xfd}), zrtp = bytes({0x10, 0}), fax = bytes({0, 1, 4, 0x40}),
           binding = bytes({0, 1, 0, 180, 0x21, 0x12, 0xa4, 0x42}), no_media = bytes({0x50});
const Shot rtcp_shot{.payload = long_rtcp()};

} // namespace

std::vector<Row> rows_of_media() {
    return {
        {"rtcp", REASON_pinhole_rtcp, of<COMPONENT_RTCP, enforcing>, rtcp_shot},
        {"muxed_rtcp", REASON_pinhole_rtcp, of<COMPONENT_RTP_RTCP, enforcing>, rtcp_shot},
        {"muxed_rtp", REASON_pinhole_rtp, of<COMPONENT_RTP_RTCP, enforcing>},
        {"rtcp_to_rtp", REASON_not_media, // its type is not among those negotiated, as a marker and a payload type
         [](auto& wall) { wall.hole({.flags = enforcing}, provider, only_type_zero); }, rtcp_shot},
        {"rtp_to_rtcp", REASON_not_media, of<COMPONENT_RTCP, enforcing>},
        {"t38", REASON_pinhole_rtp, of<COMPONENT_UDPTL, PINHOLE_CONFORM_ENFORCE>, fax},
        {"t38_too_long", REASON_not_media, of<COMPONENT_UDPTL, PINHOLE_CONFORM_ENFORCE>, bytes({0, 1, 4, 0x40}, 1501)},
        {"t38_takes_over", REASON_pinhole_rtp, of<COMPONENT_RTP_UDPTL, PINHOLE_CONFORM_ENFORCE>, fax},
        {"dtls", REASON_pinhole_rtp, of < COMPONENT_RTP_RTCP, enforcing | PINHOLE_SRTP >, dtls},
        {"dtls_unasked", REASON_not_media, of<COMPONENT_RTP_RTCP, enforcing>, dtls},
        {"zrtp", REASON_pinhole_rtp, of<COMPONENT_RTP, enforcing>, zrtp},
        {"stun", REASON_pinhole_rtp, of<COMPONENT_RTP, enforcing>, binding},
        {"other_media", REASON_pinhole_rtp, of<COMPONENT_OTHER, PINHOLE_CONFORM_ENFORCE>, no_media},
        {"no_media", REASON_not_media, of<COMPONENT_RTP, PINHOLE_CHECK_MEDIA>, no_media},
        {"payload_type_counted", REASON_pinhole_nonconformant,
         [](auto& wall) { wall.hole({.flags = counting}, provider, only_type_zero); }},
        {"payload_type_refused", REASON_wrong_payload_type,
         [](auto& wall) { wall.hole({.flags = enforcing}, provider, only_type_zero); }},
        {"another_ssrc",
         REASON_wrong_ssrc,
         [](auto& wall) {
             wall.hole({.flags = enforcing | PINHOLE_ONE_SOURCE});
             wall.send({.payload = rtp(1)});
         },
         {.payload = rtp(2)}},
        {"over_rate", REASON_over_rate,
         [](auto& wall) {
             wall.hole({.flags = enforcing}, provider, [](auto& value) {
                 value.packet_period_ns = 1000000;
                 value.rate_tat_ns = now_ns() + 10000000000;
             });
         }},
        {"ice_check", REASON_pinhole_stun, ice, {.from = stranger, .payload = check_of(ufrag + ":theirs")}},
        {"ice_pair",
         REASON_pinhole_rtp,
         [](auto& wall) {
             ice(wall);
             wall.leaves({.from = inside,
                          .to = stranger,
                          .sport = 40000,
                          .dport = 30000,
                          .payload = check_of("theirs:" + ufrag)});
         },
         {.from = stranger}},
        {"ice_check_of_nobody", REASON_no_ufrag, ice, {.from = stranger, .payload = check_of("8hhX:theirs")}},
        {"ice_checks_too_many",
         REASON_stun_rate,
         [](auto& wall) { ice(wall), wall.fill_limiter(); },
         {.from = stranger, .payload = check_of(ufrag + ":theirs")}},
        {"ice_media_of_strangers", REASON_rtp_bleed, ice, {.from = stranger}},
    };
}

} // namespace ringwall::test
