// SPDX-License-Identifier: Apache-2.0
// The configuration's reader: whatever the files hold, it says a mistake or makes a policy. Parts are divided by a line of
// `%%%`: the main file, then those of conf.d.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/compile.hpp"

namespace {

std::vector<ringwall::policy::ConfigFile> files_in(std::string_view input) {
    constexpr std::string_view divider = "\n%%%\n";
    std::vector<ringwall::policy::ConfigFile> files;
    for (size_t at = 0; at != input.npos;) {
        input.remove_prefix(at);
        at = input.find(divider);
        files.push_back({std::to_string(files.size()), std::string(input.substr(0, at))});
        if (at != input.npos) at += divider.size();
    }
    return files;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace ringwall::policy;
    const auto config = read(files_in({reinterpret_cast<const char*>(data), size}));
    if (config) {
        compile(*config, Facts{});
        return 0;
    }
    if (config.error().empty()) std::abort();
    for (const Mistake& mistake : config.error())
        if (mistake.what.empty() || mistake.line < 1 || mistake.column < 1) std::abort();
    return 0;
}
