/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * ICE as both sides must see it alike: how our username fragment is hashed into a pinhole, and the pairs that the inside
 * has used. `ice_pairs`: ARRAY of ICE_PAIR_SETS, of struct return_set (policy.h): a pair is a way back that only pinholes
 * with PINHOLE_ICE ask for. Written by the packet path only: what comes in makes none and renews none. Beside them stand
 * the questions to STUN servers that are not answered yet (WALL_LEARNS_EXTERNAL).
 */
#pragma once

#include "abi.h"

/* FNV-1a 64 of the fragment's first bytes. RFC 8839 section 5.4 allows 4 to 256 characters, software uses 4 to 32. Of a
 * longer one the first 64 count: 384 bits that nobody guesses. */
#define UFRAG_BYTES 64
#define FNV_BASIS 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

#define ICE_PAIR_SETS (1 << 14) /* 65,536 pairs, 1 MiB */
