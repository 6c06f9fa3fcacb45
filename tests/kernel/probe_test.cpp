// SPDX-License-Identifier: Apache-2.0
// What `ringwall why` asks (kernel::Probe) gives each row of every_verdict the reason that the wall then gives, and the
// wall notices nothing of it.
#include "tests/kernel/every_verdict.hpp"
// First: to it `pinhole` is a struct, and no room.

#include <fcntl.h>

#include <cerrno>

#include "agent/kernel/probe.hpp"
#include "maps/reasons.hpp"
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/programs.hpp"

namespace ringwall::test {
namespace {

kernel::MapSource of_programs() {
    return {.map = [](const std::string& name, uint32_t) -> Result<Fd> {
                Fd copied(fcntl(programs().map(name.c_str()), F_DUPFD_CLOEXEC, 0));
                if (!copied) return fail_errno(errno, "open " + name);
                return copied;
            },
            .apply = {}};
}

kernel::Probe& probe() {
    static kernel::Probe loaded = [] {
        auto made = kernel::Probe::load(of_programs());
        if (!made) throw std::runtime_error(made.error().message());
        return std::move(*made);
    }();
    return loaded;
}

std::string_view text(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

class AskedBefore : public EveryVerdict {};
INSTANTIATE_TEST_SUITE_P(Of, AskedBefore, testing::ValuesIn(every_row()),
                         [](const auto& row) { return row.param.name; });

TEST_P(AskedBefore, it_says_what_the_wall_then_does) {
    // Each copies 20 MiB: every family and every mode, but not each with each.
    for (const auto& guise : {Guise{.family = 4, .is_monitored = false}, Guise{.family = 6, .is_monitored = true}}) {
        SCOPED_TRACE(guise.name());
        prepare_as(guise);
        const auto looked = probe().look(source(), destination());
        ASSERT_TRUE(looked) << looked.error().message();
        const auto said = probe().in(text(frame()));
        ASSERT_TRUE(said) << said.error().message();
        const auto known = reason_text(said->reason);
        EXPECT_EQ(known.label, reason_text(GetParam().reason).label);
        EXPECT_EQ(said->passes, !known.is_drop || guise.is_monitored);
        EXPECT_EQ(in(frame()), (said->passes ? "pass " : "drop ") + std::string(known.label));
    }
}

// Everything that the programs write, as one piece.
std::string memory_of(const char* name) {
    bpf_map_info about{};
    __u32 size = sizeof about;
    require(bpf_obj_get_info_by_fd(programs().map(name), &about, &size) == 0, name);
    const size_t cpus = about.type == BPF_MAP_TYPE_PERCPU_ARRAY ? static_cast<size_t>(libbpf_num_possible_cpus()) : 1;
    std::string memory((about.value_size + 7) / 8 * 8 * cpus * about.max_entries, '\0');
    std::vector<uint32_t> keys(about.max_entries);
    uint32_t position = 0, count = about.max_entries;
    bpf_map_lookup_batch(programs().map(name), nullptr, &position, keys.data(), memory.data(), &count, nullptr);
    require(count == about.max_entries, name);
    return memory;
}
std::string elements_of(const char* name) {
    std::string key(64, '\0'), next(64, '\0'), value(4096, '\0'), all;
    const int map = programs().map(name);
    for (bool more = bpf_map_get_next_key(map, nullptr, next.data()) == 0; more;
         more = bpf_map_get_next_key(map, key.data(), next.data()) == 0) {
        key = next;
        if (bpf_map_lookup_elem(map, key.data(), value.data()) == 0) all += key + value;
    }
    return all;
}

class Untouched : public EveryVerdict {
protected:
    std::map<std::string, std::string> everything() const {
        std::map<std::string, std::string> all;
        for (const char* name :
             {"limiter", "excuses", "excuse_marks", "spent", "return_paths", "fragments", "ice_pairs", "opaque",
              "reasons", "events", "liveness", "ceilings", "meta", "active", "wall"})
            all[name] = memory_of(name);
        for (const char* name : {"pinholes", "refusals", "known", "learned", "bans"}) all[name] = elements_of(name);
        return all;
    }
};
// Those that leave most: buckets, copies, counters of pinholes, bans and sources, latches, refusals, records.
INSTANTIATE_TEST_SUITE_P(Of, Untouched, testing::ValuesIn([] {
                             std::vector<Row> some;
                             for (const Row& row : every_row())
                                 for (const uint32_t reason :
                                      {REASON_sip, REASON_rate_limited, REASON_banned, REASON_pinhole_rtp,
                                       REASON_rtp_injection, REASON_probation, REASON_opaque_media, REASON_calls_full})
                                     if (row.reason == reason) some.push_back(row);
                             return some;
                         }()),
                         [](const auto& row) { return row.param.name; });

TEST_P(Untouched, the_wall_notices_nothing) {
    prepare_as({});
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) ring(name);
    const auto before = everything();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(probe().look(source(), destination()));
        ASSERT_TRUE(probe().in(text(frame())));
        ASSERT_TRUE(probe().out(text(frame())));
    }
    const auto after = everything();
    for (const auto& [name, memory] : before) EXPECT_TRUE(memory == after.at(name)) << name << " has changed";
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) EXPECT_TRUE(ring(name).empty()) << name;
}

} // namespace
} // namespace ringwall::test
