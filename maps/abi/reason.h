/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Why a packet passed or dropped: one list for the programs, the counters, the command line, the metrics and the
 * tests. REASON(number, label, verdict, sentence). A retired reason keeps its number; numbers index `reasons`.
 * The verdict is that of `mode: enforce`; in monitor mode a drop is counted under the same reason, and passes.
 * Numbers with bit 5 are drops; 64 to 95 and 112 to 127 are the way out.
 */
#pragma once

#define RINGWALL_REASONS(REASON)                                                                                      \
    /* ingress, passed */                                                                                             \
    REASON(1, not_ip, pass, "not IP: none of our business")                                                           \
    REASON(2, out_of_scope, pass, "neither a protected address nor a SIP port")                                       \
    REASON(3, unparsable, pass, "headers we cannot follow, and no way to a guarded port")                             \
    REASON(4, later_fragment, pass, "a later fragment whose first has passed, or that no port of ours is behind")      \
    REASON(5, sip, pass, "SIP to a configured port from an admitted source")                                          \
    REASON(6, sip_learned, pass, "SIP to a port that an inside Contact or Via named")                                 \
    REASON(7, sip_return_path, pass, "SIP or STUN that answers the inside, or SIP of the party of a live call")       \
    REASON(8, sip_stream, pass, "TCP to a SIP port from an admitted source")                                          \
    REASON(9, pinhole_rtp, pass, "media of a call, from the source it negotiated")                                    \
    REASON(10, pinhole_rtcp, pass, "RTCP of a call, from the source it negotiated")                                   \
    REASON(11, pinhole_early, pass, "media to an offer that is not answered yet")                                     \
    REASON(12, pinhole_draining, pass, "media of a call that has just ended or moved")                                \
    REASON(13, pinhole_other_source, pass, "media from another port or address of the negotiated peer, after probation") \
    REASON(14, return_path, pass, "answers a flow that the inside started")                                           \
    REASON(15, not_guarded, pass, "protected address, but not a media port")                                          \
    REASON(16, fragment_unpaired, pass, "a later fragment before its first, within the cap: completes nothing without it") \
    REASON(17, pinhole_nonconformant, pass, "media of a call, but not as it was negotiated: counted only") \
    REASON(18, opaque_media, pass, "media from a party with a live TLS or WebSocket connection") \
    REASON(19, pinhole_stun, pass, "an ICE connectivity check that bears our username fragment") \
    REASON(20, rule, pass, "a static rule of the configuration lets it through") \
    REASON(21, agent_lost, pass, "media to a guarded port while the agent is gone, as on_agent_loss says") \
    REASON(22, tcp_established, pass, "TCP that the inside began or the wall found there: the stack refuses strangers") \
    REASON(23, pinhole_tcp, pass, "TCP media of a call, from a party that may send") \
    REASON(24, watched, pass, "seen on a watched interface, where nothing is refused") \
    REASON(25, bypass, pass, "from a source that bypasses everything, to a port that would have refused it") \
    /* ingress, dropped */                                                                                            \
    REASON(32, malformed, drop, "headers truncated, contradictory or too deep, on the way to a port that may be ours")                 \
    REASON(33, spoofed_inside, drop, "an inside source address arrived from outside")                                 \
    REASON(34, denied, drop, "the source is on the deny list")                                                        \
    REASON(35, not_a_peer, drop, "no peer and no zone admits this source to SIP")                                     \
    REASON(36, not_registrar, drop, "a strict peer's INVITE from an address that the inside never registered with")   \
    REASON(37, rate_limited, drop, "over the SIP rate limit of its zone and class")                                   \
    REASON(38, rate_limit_full, drop, "no free limiter slot for this source, and the shared one is spent")            \
    REASON(39, no_pinhole, drop, "a media port that no call has opened")                                              \
    REASON(40, call_ended, drop, "a media port of a call that has ended")                                             \
    REASON(41, pinhole_expired, drop, "the call outlived its longest allowed time")                                   \
    REASON(42, pinhole_idle, drop, "the hole sleeps: no media for the idle limit, and not its last peer")             \
    REASON(43, wrong_source, drop, "a live media port, but not from the peer it was negotiated with")                 \
    REASON(44, probation, drop, "another port or address of the peer, not yet trusted")                               \
    REASON(45, early_rate, drop, "more than 200 packets/s before the answer")                                         \
    REASON(46, not_media, drop, "a live media port, but the bytes are not the media it was opened for")               \
    REASON(47, return_path_ended, drop, "a way back that a call's tombstone refuses")                                 \
    REASON(48, fragment_cap, drop, "a later fragment without its first, over the cap or without room to remember it") \
    REASON(49, fragment_overlap, drop, "a fragment over bytes that its datagram's first has brought, or must bring") \
    REASON(50, fragment_tiny, drop, "a first fragment too short to be judged by, or a length that no fragment has") \
    REASON(51, wrong_payload_type, drop, "RTP of a payload type that the call did not negotiate") \
    REASON(52, wrong_ssrc, drop, "RTP of another source (SSRC) while the call's own goes on") \
    REASON(53, over_rate, drop, "more packets than the negotiated media has") \
    REASON(54, rtp_injection, drop, "RTP into a call that is being spoken, from elsewhere than its peer") \
    REASON(55, rtp_bleed, drop, "RTP from a stranger to a call whose peer is silent: it asks for the call's media") \
    REASON(56, syn_limited, drop, "over the limit of new TCP connections of its zone") \
    REASON(57, agent_lost_closed, drop, "the agent is gone, and on_agent_loss closes guarded ports") \
    REASON(58, no_ufrag, drop, "an ICE connectivity check without our username fragment") \
    REASON(59, opaque_rate, drop, "more media than one TLS or WebSocket party may send") \
    REASON(60, banned, drop, "the source is banned for a time") \
    REASON(61, total_limited, drop, "over the SIP rate limit of its zone or peer in total") \
    REASON(62, stun_rate, drop, "more than 200 ICE connectivity checks a second to one port") \
    REASON(63, calls_full, drop, "an INVITE of a source, peer or zone that has as many calls as it may") \
    REASON(96, attack_tool, drop, "a stranger's request that bears the name of an attack tool (User-Agent)") \
    /* egress, passed */                                                                                              \
    REASON(64, out_other, pass, "outbound, none of our business")                                                     \
    REASON(65, out_sip, pass, "outbound SIP, mirrored")                                                               \
    REASON(66, out_media, pass, "outbound media of a call")                                                           \
    REASON(67, out_flow, pass, "outbound flow from a guarded port: its way back is open")                             \
    REASON(68, out_after_end, pass, "outbound to a peer of an ended call: no way back")                               \
    REASON(69, out_unparsable, pass, "outbound headers we cannot follow")                                             \
    REASON(70, out_no_room, pass, "outbound flow, but no room to remember its way back")                              \
    REASON(71, out_stream, pass, "outbound TCP of a SIP connection, mirrored where it carries something") \
    REASON(72, out_opaque, pass, "outbound TLS or WebSocket data, or media to its party: its media may come in") \
    REASON(73, out_fragment, pass, "outbound later fragment, mirrored if its first was SIP or has not been seen") \
    REASON(74, out_answer, pass, "outbound, to who comes in by a rule or a bypass: no way back of its own") \
    /* egress, dropped */                                                                                             \
    REASON(112, out_not_a_peer, drop, "SIP of the inside to whom no peer and no zone admits, as sip.outbound says")

enum reason {
    REASON_NONE = 0,
#define RINGWALL_REASON_ENUM(number, label, verdict, sentence) REASON_##label = number,
    RINGWALL_REASONS(RINGWALL_REASON_ENUM)
#undef RINGWALL_REASON_ENUM
    REASON_LIMIT = 128, /* counters have room to here */
};
static inline int is_outward(unsigned int reason) { return reason >> 5 == 2 || reason >> 4 == 7; }
