// SPDX-License-Identifier: Apache-2.0
// Where the session description lies in a body: the body itself, or a part of a multipart body (RFC 2046 5.1, RFC 5621).
// A body in a coding or transfer encoding that we would have to undo is not readable, and not guessed at.
#include "agent/sip/content_type.hpp"
#include "agent/sip/header_lines.hpp"
#include "agent/sip/message.hpp"
#include "agent/sip/trickled.hpp"
#include "agent/text/ascii.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sip {
namespace {

using Found = Result<std::optional<std::string_view>, ParseError>;

// boundary = 0*69<bchars> bcharsnospace
constexpr size_t max_boundary_bytes = 70;

bool is_identity(std::string_view coding) { return coding.empty() || text::is_word<"identity">(coding); }

// 7bit, 8bit and binary leave the bytes as they are (RFC 2045 6.2).
bool is_plain(std::string_view transfer_encoding) {
    return transfer_encoding.empty() || text::is_word<"binary">(transfer_encoding) ||
           text::is_word<"8bit">(transfer_encoding) || text::is_word<"7bit">(transfer_encoding);
}

struct Entity {
    std::string_view type; // raw Content-Type
    bool is_readable = true;
    bool is_session = true; // by Content-Disposition, or for want of one
    std::string_view body;
};

// delimiter = CRLF "--" boundary; the first has no CRLF before it where no preamble is. What a body part may not
// contain is the delimiter at the start of a line, so a longer word that begins like one is text, not a delimiter.
class Parts {
public:
    Parts(std::string_view body, std::string_view boundary) : rest_(body), boundary_(boundary) {}

    enum class Step : uint8_t { part, end, broken };

    bool skip_preamble() {
        std::string_view preamble;
        return to_delimiter(preamble) && !is_closed_;
    }

    // The next part, after skip_preamble().
    Step next(std::string_view& part) {
        if (is_closed_) return Step::end;
        return to_delimiter(part) ? Step::part : Step::broken;
    }

private:
    // dash-boundary transport-padding CRLF, or dash-boundary "--"; takes it where it begins at `at`.
    bool take_delimiter(size_t at) {
        std::string_view line = rest_.substr(at);
        if (!line.starts_with("--") || !line.substr(2).starts_with(boundary_)) return false;
        line.remove_prefix(2 + boundary_.size());
        is_closed_ = line.starts_with("--");
        if (is_closed_) line.remove_prefix(2);
        while (!line.empty() && text::is(line.front(), text::blank_char)) line.remove_prefix(1);
        if (line.starts_with('\r')) line.remove_prefix(1);
        if (line.starts_with('\n')) {
            line.remove_prefix(1);
        } else if (!is_closed_ || !line.empty()) {
            return is_closed_ = false;
        }
        rest_ = line;
        return true;
    }

    bool to_delimiter(std::string_view& before) {
        for (size_t at = 0; at != rest_.npos;) {
            const std::string_view text = rest_;
            if (take_delimiter(at)) {
                before = without_line_end(text.substr(0, at));
                return true;
            }
            at = rest_.find('\n', at);
            if (at != rest_.npos) ++at;
        }
        return false;
    }

    static std::string_view without_line_end(std::string_view text) {
        if (text.ends_with('\n')) text.remove_suffix(1);
        if (text.ends_with('\r')) text.remove_suffix(1);
        return text;
    }

    std::string_view rest_;
    std::string_view boundary_;
    bool is_closed_ = false;
};

class Search {
public:
    using Wanted = bool (*)(const ContentType& type, const Entity& entity);
    Search(const Message& message, Wanted is_wanted) : message_(message), is_wanted_(is_wanted) {}

    Found in(const Entity& entity, size_t depth) {
        const ContentType type = content_type(entity.type);
        if (is_wanted_(type, entity)) return entity.is_readable ? std::optional(entity.body) : std::nullopt;
        if (!type.is_multipart() || !entity.is_readable) return std::nullopt;
        if (depth == max_multipart_depth) return fail(Defect::too_many, entity.body);
        if (type.boundary.empty() || type.boundary.size() > max_boundary_bytes)
            return fail(Defect::bad_multipart, entity.body);
        return in_parts(Parts(entity.body, type.boundary), entity.body, depth);
    }

private:
    // The structure is read to its end even when the description is found: half a multipart opens nothing.
    Found in_parts(Parts parts, std::string_view body, size_t depth) {
        std::optional<std::string_view> first;
        std::string_view text;
        auto step = parts.skip_preamble() ? Parts::Step::part : Parts::Step::broken;
        while (step == Parts::Step::part && (step = parts.next(text)) == Parts::Step::part) {
            if (++part_count_ > max_multipart_parts) return fail(Defect::too_many, text);
            Entity part;
            if (!read_part(text, part)) return fail(Defect::bad_multipart, text);
            const Found found = in(part, depth + 1);
            if (!found) return found;
            if (!first) first = *found;
        }
        if (step == Parts::Step::broken) return fail(Defect::bad_multipart, body);
        return first;
    }

    // body-part = MIME-part-headers [CRLF *OCTET]
    static bool read_part(std::string_view text, Entity& out) {
        HeaderLines lines(text);
        HeaderLine line;
        HeaderLines::Step step;
        while ((step = lines.next(line)) == HeaderLines::Step::header) {
            if (text::is_word<"content-type">(line.name) || text::is_word<"c">(line.name)) {
                if (!out.type.empty()) return false;
                out.type = line.value;
            } else if (text::is_word<"content-encoding">(line.name) || text::is_word<"e">(line.name)) {
                out.is_readable = out.is_readable && is_identity(line.value);
            } else if (text::is_word<"content-transfer-encoding">(line.name)) {
                out.is_readable = out.is_readable && is_plain(line.value);
            } else if (text::is_word<"content-disposition">(line.name)) {
                out.is_session = out.is_session && is_session(line.value);
            } else if (!text::consists_of(line.name, text::token_char)) {
                return false;
            }
        }
        const size_t used = static_cast<size_t>(lines.position() - text.data());
        out.body = text.substr(used);
        return step == HeaderLines::Step::end;
    }

    // Offsets count from the datagram, of which the body ends at `bytes`.
    tl::unexpected<ParseError> fail(Defect defect, std::string_view at) const {
        const size_t into_body = static_cast<size_t>(at.data() - message_.body.data());
        return tl::make_unexpected(ParseError{defect, message_.bytes - message_.body.size() + into_body});
    }

    const Message& message_;
    Wanted is_wanted_;
    size_t part_count_ = 0;
};

Found find(const Message& message, Search::Wanted is_wanted) {
    const Entity whole{message.content_type, is_identity(message.content_encoding), message.is_session, message.body};
    if (whole.body.empty()) return std::nullopt;
    return Search(message, is_wanted).in(whole, 0);
}

} // namespace

Found find_sdp(const Message& message) {
    return find(message,
                [](const ContentType& type, const Entity& entity) { return type.is_sdp() && entity.is_session; });
}

Found find_first_sdp(const Message& message) {
    return find(message, [](const ContentType& type, const Entity&) { return type.is_sdp(); });
}

bool passes_over_sdp(const Message& message) {
    const auto found = find_sdp(message), first = find_first_sdp(message);
    return found && first && *first && (!*found || (*found)->data() != (*first)->data());
}

Found find_trickled(const Message& message) {
    return find(message, [](const ContentType& type, const Entity&) { return type.is_trickled(); });
}

} // namespace ringwall::sip
