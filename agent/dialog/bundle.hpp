// SPDX-License-Identifier: Apache-2.0
// BUNDLE (RFC 9143): m-lines whose media comes to one port, that of the group's tagged m-line. What the inside offers on
// several ports the answer may take together (7.3); what it offers as bundle-only has no port of its own (6).
#pragma once

#include <vector>

#include "agent/dialog/description.hpp"

namespace ringwall::dialog {

// Of each m-line the one that it shares its port with, by what this description itself names: the first of its group
// (which is that one's own, too). A group is only believed where its m-lines name the same port, or none by bundle-only:
// what a B2BUA passes on unread, beside ports of its own, means nothing.
std::vector<std::optional<uint8_t>> bundled_with(const sdp::Session& session);

// What comes to the tagged one's port without a claim of its own: data channels beside SRTP.
bool comes_by_dtls(const pinhole::Claim& claim, const pinhole::Claim& tagged);

// The offer's claims, as this answer bundles them: those of an m-line that it takes into the tagged one's port are claims
// of that port. Nothing moves but within a group of the offer's, nor where the two do not agree who is the tagged one.
std::vector<pinhole::Claim> as_bundled(std::vector<pinhole::Claim> offer, const Remote& answer);

} // namespace ringwall::dialog
