/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The names of attack tools (`deny.user_agents`), as hashes. A name is the first product of User-Agent in lower case,
 * without its version (RFC 3261 20.41, 25.1: product = token ["/" product-version]).
 */
#pragma once

#include "limiter.h"

#define PRODUCT_LONGEST 64 /* bytes; a longer one is nobody's name */

/* Of a token, in lower case. */
static inline RINGWALL_CONSTEXPR int is_product_char(__u8 c) {
    if (c >= 'a' && c <= 'z') return 1;
    if (c >= '0' && c <= '9') return 1;
    return c == '-' || c == '.' || c == '!' || c == '%' || c == '*' || c == '_' || c == '+' || c == '`' || c == '\'' || c == '~';
}
static inline RINGWALL_CONSTEXPR __u8 lower_char(__u8 c) { return c >= 'A' && c <= 'Z' ? (__u8)(c + ('a' - 'A')) : c; }

/* `user_agents`: ARRAY of GENERATIONS. FNV-1a of each name, ascending, and ~0 behind the last; WALL_USER_AGENTS where there
 * are any. Who makes another name with a listed one's hash is refused as if he bore it. */
#define USER_AGENTS 512
struct user_agents {
    __u64 product[USER_AGENTS];
};
MAP_ABI(struct user_agents, USER_AGENTS * 8);
