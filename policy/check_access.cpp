// SPDX-License-Identifier: Apache-2.0
// Entries of `allow` and `deny` that change nothing, or more than anybody can mean.
#include "policy/checks.hpp"
#include "policy/prefix_set.hpp"

namespace ringwall::policy {
namespace {

// An entry that an earlier one has all of. One of `stronger` is more than those that are not.
void check_repeated(const std::vector<Prefix>& entries, const std::string& path, const PrefixSet& stronger,
                    Findings& findings) {
    PrefixSet earlier, earlier_stronger;
    for (const Prefix& entry : entries) {
        const bool is_strong = stronger.contains(entry);
        if (const auto before = (is_strong ? earlier_stronger : earlier).covering(entry))
            findings.warn_at(
                path, entry.to_string() + " changes nothing: " + before->to_string() + " before it has all of it");
        earlier.insert(entry);
        if (is_strong) earlier_stronger.insert(entry);
    }
}

void check_inside(const Config& config, const std::vector<Prefix>& entries, const std::string& path,
                  Findings& findings) {
    if (config.allow_hairpin) return;
    for (const Prefix& entry : entries)
        if (any_covers(config.protect, entry))
            findings.warn_at(path, entry.to_string() +
                                       " changes nothing: it lies within protect.networks, and from "
                                       "outside counts as spoofed unless protect.allow_hairpin is yes");
}

void check_everyone(const Config& config, Findings& findings) {
    const Prefix* denied = everybody_in(config.deny);
    const Prefix* allowed = everybody_in(config.allow);
    if (denied != nullptr && !any_covers(config.allow, *denied))
        findings.warn_at("deny.networks",
                         denied->to_string() + " denies everyone that is not on `allow`, calls of peers included");
    if (const Prefix* bypassing = everybody_in(config.bypass))
        findings.warn_at("allow", bypassing->to_string() + " with bypass: all opens every media port to everyone");
    else if (allowed != nullptr)
        findings.warn_at("allow", allowed->to_string() + ": nobody is banned, denied or limited any more");
}

} // namespace

void check_access(const Config& config, Findings& findings) {
    check_repeated(config.allow, "allow", PrefixSet(config.bypass), findings);
    check_repeated(config.deny, "deny.networks", {}, findings);
    check_inside(config, config.allow, "allow", findings);
    check_inside(config, config.deny, "deny.networks", findings);
    const PrefixSet allowed(config.allow);
    for (const Prefix& entry : config.deny)
        if (allowed.covering(entry))
            findings.warn_at("deny.networks", entry.to_string() + " changes nothing: `allow` has all of it");
    check_everyone(config, findings);
}

} // namespace ringwall::policy
