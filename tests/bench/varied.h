/* SPDX-License-Identifier: Apache-2.0 */
/* What the benches' packets differ in; read by bare.bpf.c and by the benches. */
#pragma once

#include "maps/abi/abi.h"

struct varied {
    __u32 state;
    __u32 limit;   /* so many different ones: a power of two, at most 2^20 */
};
MAP_ABI(struct varied, 8);

#define VARIED_V4 0xc6000000 /* sources: 198.0.0.0 and on */
#define VARIED_V6 0x00010000 /* the second word of sources, which has the end of their /64: 2400:1:1::1 and on */
#define BRANCH_BYTES 8       /* of a live REGISTER's branch, no two alike */
/* Destinations of number N: 4096 ports at each of up to 256 hosts, the packets' default ones (tests/kernel/packet.hpp)
 * and those after them. */
#define VARIED_HOST4(number) (0xc000020a + ((number) >> 12))
#define VARIED_HOST6(number) (0x10 + ((number) >> 12)) /* the last word of 2001:db8:1::10 and on */
#define VARIED_PORT(number) (40000 + ((number)&4095))
