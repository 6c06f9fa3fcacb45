// SPDX-License-Identifier: Apache-2.0
// The image of a resolved table (networks.hpp): written by one process, asked by another. It comes from a process of ours,
// through memory that nobody can change any more; what is checked is that it is one.
#include <algorithm>
#include <cstring>

#include "policy/networks.hpp"

namespace ringwall::policy {
namespace {

constexpr uint64_t image_magic = 0x7277'6e65'7473'0001; // rises with the layout

template <class T>
void append(std::string& image, const T& value) {
    image.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string text_of(const std::vector<Source>& sources) {
    std::string text;
    for (const Source& source : sources) (text += source.is_file ? 'f' : 'c') += source.name + '\n';
    return text;
}

} // namespace

std::string Lookup::image_of(const std::vector<std::pair<Prefix, struct network>>& networks, const Stated& stated) {
    const std::string text = text_of(stated.sources);
    std::string image;
    const size_t statement_bytes = stated.statements.size() * sizeof(Statement);
    image.reserve(sizeof(Header) + networks.size() * sizeof(Entry) + statement_bytes + text.size());
    append(image, Header{image_magic, networks.size(), stated.statements.size(), text.size()});
    std::vector<uint32_t> around;
    for (uint32_t i = 0; i < networks.size(); ++i) {
        const auto& [prefix, network] = networks[i];
        while (!around.empty() && !networks[around.back()].first.contains(prefix)) around.pop_back();
        append(image, Entry{.prefix = prefix, .cover = around.empty() ? i : around.back(), .network = network});
        around.push_back(i);
    }
    image.append(reinterpret_cast<const char*>(stated.statements.data()), statement_bytes);
    return image += text;
}

Lookup::Lookup(std::string image) {
    auto kept = std::make_shared<const std::string>(std::move(image));
    if (auto made = over(*kept, kept)) *this = std::move(*made);
}

Result<Lookup> Lookup::over(std::string_view image, std::shared_ptr<const void> keeper) {
    Header header;
    if (image.size() < sizeof header) return fail("read the table of networks: too short");
    std::memcpy(&header, image.data(), sizeof header);
    const bool is_plausible = header.magic == image_magic && header.entries <= image.size() / sizeof(Entry) &&
                              header.statements <= image.size() / sizeof(Statement);
    const size_t entry_bytes = is_plausible ? header.entries * sizeof(Entry) : 0;
    const size_t statement_bytes = is_plausible ? header.statements * sizeof(Statement) : 0;
    if (!is_plausible || sizeof header + entry_bytes + statement_bytes + header.text != image.size())
        return fail("read the table of networks: not of this program");
    Lookup lookup;
    lookup.keeper_ = std::move(keeper);
    const char* at = image.data() + sizeof header;
    lookup.entries_ = {reinterpret_cast<const Entry*>(at), header.entries};
    lookup.statements_ = {reinterpret_cast<const Statement*>(at + entry_bytes), header.statements};
    lookup.sources_ = image.substr(image.size() - header.text);
    return lookup;
}

// The last prefix that begins at the address or before it either holds it, or lies in the ones that do.
const Lookup::Entry* Lookup::longest(const IpAddress& address) const {
    const auto after = std::ranges::upper_bound(entries_, Prefix{address, 128}, {}, &Entry::prefix);
    if (after == entries_.begin()) return nullptr;
    for (const Entry* entry = &*(after - 1);; entry = &entries_[entry->cover]) {
        if (entry->prefix.contains(address)) return entry;
        if (&entries_[entry->cover] == entry) return nullptr;
    }
}

struct network Lookup::find(const IpAddress& address) const {
    const Entry* entry = longest(address);
    return entry ? entry->network : network{};
}

void Lookup::append_statements(const Prefix& prefix, std::vector<Statement>& into) const {
    auto at = std::ranges::lower_bound(statements_, prefix, {}, &Statement::prefix);
    for (; at != statements_.end() && at->prefix == prefix; ++at) into.push_back(*at);
}

std::vector<Statement> Lookup::statements_of(const IpAddress& address) const {
    std::vector<Statement> all;
    const Entry* entry = longest(address);
    while (entry) {
        append_statements(entry->prefix, all);
        const Entry* cover = &entries_[entry->cover];
        entry = cover == entry ? nullptr : cover;
    }
    return all;
}

Source Lookup::source(uint32_t index) const {
    std::string_view rest = sources_;
    for (; index > 0 && !rest.empty(); --index) rest.remove_prefix(std::min(rest.find('\n') + 1, rest.size()));
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.empty()) return {};
    return {std::string(line.substr(1)), line.front() == 'f'};
}

} // namespace ringwall::policy
