// SPDX-License-Identifier: Apache-2.0
#include "agent/sdp/bundle.hpp"

#include "agent/sdp/fields.hpp"

namespace ringwall::sdp {
namespace {

using Members = std::array<size_t, max_media>; // m-lines in the group's order

// The one m-line of that tag; nothing where there is none, or more than one.
std::optional<size_t> line_of(std::string_view mid, const Session& session) {
    std::optional<size_t> found;
    for (size_t i = 0; i < session.media_count; ++i) {
        if (session.media()[i].mid != mid) continue;
        if (found) return std::nullopt;
        found = i;
    }
    return found;
}

bool is_among(size_t line, const Members& members, size_t count) {
    for (size_t i = 0; i < count; ++i)
        if (members[i] == line) return true;
    return false;
}

// semantics *(SP identification-tag) (RFC 5888 5). 0 where it cannot be told whom it means.
size_t read_members(std::string_view group, const Session& session, Members& members) {
    Fields fields(group);
    if (fields.next() != "BUNDLE") return 0;
    size_t count = 0;
    while (!fields.at_end()) {
        const auto line = line_of(fields.next(), session);
        if (!line || session.media()[*line].bundle != 0 || is_among(*line, members, count)) return 0;
        members[count++] = *line; // no more than there are m-lines: each stands in it once
    }
    return count;
}

} // namespace

void take_bundles(const SessionLevel& level, Session& session) {
    for (size_t i = 0; i < session.media_count; ++i)
        session.media_storage[i].bundle = session.media_storage[i].bundle_rank = 0;
    for (size_t group = 0; group < level.bundle_count; ++group) {
        Members members{};
        const size_t count = read_members(level.bundle_storage[group], session, members);
        for (size_t rank = 0; rank < count; ++rank) {
            Media& media = session.media_storage[members[rank]];
            media.bundle = static_cast<uint8_t>(group + 1);
            media.bundle_rank = static_cast<uint8_t>(rank);
        }
    }
}

} // namespace ringwall::sdp
