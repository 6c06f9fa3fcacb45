// SPDX-License-Identifier: Apache-2.0
// Writes captures: pcapng of one section, in the machine's byte order, with nanoseconds, an interface description for each
// interface when its first packet comes, and a comment on each packet. No file in here: packets in, bytes out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "agent/capture/capture.hpp"

namespace ringwall::capture {

class PcapngWriter {
public:
    // `program`: who writes, such as "ringwall 0.1.0". Texts are UTF-8.
    explicit PcapngWriter(std::string program) : program_(std::move(program)) {}

    std::string begin() const; // the section's header: first, and once
    // The packet's block, behind that of its interface where it is new. Of `record.bytes` at most `longest_packet` are
    // taken; a comment ends after 65,535 bytes.
    std::string packet(const Record& record, const std::string& interface, std::string_view comment);

private:
    std::string program_;
    std::map<std::pair<std::string, uint32_t>, uint32_t> interfaces_; // by name and link type
};

} // namespace ringwall::capture
