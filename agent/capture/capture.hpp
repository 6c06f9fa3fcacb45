// SPDX-License-Identifier: Apache-2.0
// Reads captures: pcap (either byte order, microseconds or nanoseconds) and pcapng (sections of either byte order,
// interfaces of different link types and time resolutions, direction flags). No file in here: bytes in, packets out.
//
// Not by libpcap, which reads both formats but hands on neither the direction flags of pcapng nor the interface, and
// refuses a file whose interfaces differ in link type. What is needed of the formats is two headers and four blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "maps/net/result.hpp"

namespace ringwall::capture {

enum class Direction : uint8_t { unsaid, in, out };

// One packet as it was recorded.
struct Record {
    uint64_t time_ns = 0;   // since 1970
    bool has_time = true;   // false: a simple packet block, which has none; `time_ns` is that of the packet before
    uint32_t link_type = 0; // LINKTYPE_* (https://www.tcpdump.org/linktypes.html)
    uint32_t length = 0;    // on the wire: more than `bytes` where the capture's snap length cut it
    Direction direction = Direction::unsaid;
    std::string_view bytes; // until the next call
};

// What is wrong with the file, and at which of its bytes.
struct Defect {
    std::string what;
    uint64_t offset = 0;
};

// Up to `most` bytes of the file; fewer only at its end.
using Read = std::function<size_t(char* to, size_t most)>;

class Format; // pcap or pcapng

class Reader {
public:
    static Result<Reader, Defect> open(Read read);
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;
    ~Reader();

    // Nothing at the end of the file. After a defect there is nothing more to be read.
    Result<std::optional<Record>, Defect> next();
    uint64_t offset() const; // bytes read so far

private:
    explicit Reader(std::unique_ptr<Format> format);
    std::unique_ptr<Format> format_;
};

} // namespace ringwall::capture
