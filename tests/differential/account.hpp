// SPDX-License-Identifier: Apache-2.0
// What a parser says of one message, in words that can be compared: ours beside libosip2's and sofia-sip's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::differential {

struct Account {
    std::string refused; // why; empty where the message was read
    // start, call_id, from_tag, to_tag, cseq, branch, content_length, media: each where the message has it.
    std::map<std::string, std::string> fields;
};

Account ours(std::string_view message);
Account osip(std::string_view message);
Account sofia(std::string_view message);

// "192.0.2.1:4000", or "name:4000": only that an address is a name is compared, as nobody resolves it. A rejected m-line
// is "0".
std::string endpoint(std::string_view address, unsigned long port);

// Without leading zeros: "0009" and 9 are one number.
std::string number(std::string_view digits);

} // namespace ringwall::differential
