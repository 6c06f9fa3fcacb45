// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/script_words.hpp"

#include <sstream>

namespace ringwall::test {

std::vector<std::string> words_of(const std::string& line) {
    std::stringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::string option(const std::vector<std::string>& words, const std::string& key, const std::string& otherwise) {
    for (const std::string& word : words)
        if (word.starts_with(key + "=")) return word.substr(key.size() + 1);
    return otherwise;
}

std::string without_brackets(const std::string& host) {
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

std::string policy_text(const std::string& expectation, const std::string& denied, const std::string& allowed) {
    const std::string peers = expectation == "none" ? ""
                                                    : R"(
peers:
  - { name: provider, networks: [198.51.100.0/24, "2001:db8:5::/48"], expectation: )" +
                                                          expectation + " }\n";
    return R"(
version: 1
mode: enforce
outside: [eth0]
protect:
  networks: [192.0.2.0/24, "2001:db8:1::/48", 192.168.0.1, "fd00:0:0:a8::c0a8:1"]
  media_ports: 10000-50000
  tcp_media_ports: 20000-45000
  external: { 203.0.113.1: 192.168.0.1, "2001:db8:9:6::cb00:7101": "fd00:0:0:a8::c0a8:1" }
sip: { udp: [5060] }
zones:
  - { name: internet, networks: [any], sip: yes }
deny: { networks: [)" +
           denied + "] }\nallow: [" + allowed + "]\n" + peers;
}

} // namespace ringwall::test
