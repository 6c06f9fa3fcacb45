// SPDX-License-Identifier: Apache-2.0
// Who sends to whom in tests of both families: each has an address of either.
#pragma once

#include <string>

namespace ringwall::test {

struct Party {
    std::string v4, v6;
};
inline const Party inside{"192.0.2.10", "2001:db8:1::10"}, another_inside{"192.0.2.99", "2001:db8:1::99"};
inline const Party elsewhere{"203.0.114.1", "2001:db8:2::1"}; // not protected
inline const Party provider{"198.51.100.7", "2001:db8:99::7"}, another_of_provider{"198.51.100.8", "2001:db8:99::8"};
inline const Party phone{"203.0.113.5", "2001:db8:77::5"}, another_phone{"203.0.113.6", "2001:db8:77:1::6"};
inline const Party stranger{"192.88.99.1", "2001:db8:66::1"};

} // namespace ringwall::test
