// SPDX-License-Identifier: Apache-2.0
// What is said of prefixes, by whom, and what follows for each address: the one table that the kernel's trie, the core's
// questions and explanations are made from.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "maps/abi/policy.h"
#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::policy {

enum class Claim : uint8_t { zone, inside, shared, allowed, bypass, denied, feed, rule_from, rule_to };

// One place that says something of one prefix.
struct Statement {
    Prefix prefix;
    Claim claim = Claim::zone;
    uint8_t number = 0; // of the zone, of the rule
    uint8_t zero = 0;
    uint32_t source = 0; // index of Stated::sources
    uint32_t line = 0;   // in a file; in the configuration the place in its list, from 0
};
static_assert(sizeof(Statement) == 28 && std::is_trivially_copyable_v<Statement>);

struct Source {
    std::string name; // "/etc/ringwall/deny.txt", "deny.networks"
    bool is_file = false;
};

struct Stated {
    std::vector<Source> sources;
    std::vector<Statement> statements;

    uint32_t add_source(std::string name, bool is_file = false);
    void add(uint32_t source, Claim claim, uint8_t number, const std::vector<Prefix>& prefixes);
};

// By prefix, what holds for every address whose longest prefix it is: of zones the first one that names any prefix over
// it, of flags and rules all. For as every prefix that holds such an address holds this one too, or is it, "the first
// match wins" is settled here, and a trie can answer. `statements` are put in order of prefixes.
// `peers`: zones 1..peers are declared peers, whom no feed denies. `rules_from`: rules whose source is a zone, by zone.
std::vector<std::pair<Prefix, struct network>> resolve(std::vector<Statement>& statements, uint32_t peers,
                                                       const std::map<uint32_t, uint64_t>& rules_from);

// The resolved table for questions, as one piece of memory: it can be shared with another process.
class Lookup {
public:
    Lookup() = default;
    // `networks` and `stated` as resolve() left them.
    static std::string image_of(const std::vector<std::pair<Prefix, struct network>>& networks, const Stated& stated);
    explicit Lookup(std::string image);
    // Over memory that `keeper` keeps. An error where it is no image of this program's.
    static Result<Lookup> over(std::string_view image, std::shared_ptr<const void> keeper);

    struct network find(const IpAddress& address) const; // zeros where no prefix holds it
    // Everything that is said of it, narrowest prefix first, in the order of the configuration.
    std::vector<Statement> statements_of(const IpAddress& address) const;
    Source source(uint32_t index) const;
    size_t size() const { return entries_.size(); }

private:
    struct Entry {
        Prefix prefix;
        std::array<uint8_t, 3> zero{};
        uint32_t cover = 0; // the narrowest prefix around it, or itself
        struct network network = {};
    };
    static_assert(sizeof(Entry) == 48 && std::is_trivially_copyable_v<Entry>);
    struct Header {
        uint64_t magic = 0;
        uint64_t entries = 0, statements = 0, text = 0; // counts; bytes
    };
    const Entry* longest(const IpAddress& address) const;
    void append_statements(const Prefix& prefix, std::vector<Statement>& into) const;

    std::shared_ptr<const void> keeper_;
    std::span<const Entry> entries_;        // in order of prefixes
    std::span<const Statement> statements_; // likewise
    std::string_view sources_;              // "f/etc/…\n", "cdeny.networks\n"
};

// "feed /var/lib/ringwall/drop.txt:17 denies 192.0.2.0/24"
std::string sentence_of(const Statement& statement, const Source& source, std::string_view zone_name);

} // namespace ringwall::policy
