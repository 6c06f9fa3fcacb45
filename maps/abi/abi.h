/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What every header of the border needs: fixed-size types and the check that both compilers see the same bytes.
 * Compiled by clang -target bpf, g++ and clang++. No bool, enum field, bitfield, union, pointer, long or size_t
 * may stand in a struct that crosses: their size or padding is the compiler's choice.
 */
#pragma once

#include <linux/types.h>

/* Raised by any change of a struct, map or meaning that an older agent or datapath would misread. It is pinned
 * with the maps (struct meta); `ringwall run` refuses maps of another version and says what to do. */
#define RINGWALL_ABI_VERSION 10

#ifdef __cplusplus
#include <type_traits>
#define MAP_ABI(type, size)                                                                     \
    static_assert(sizeof(type) == (size), #type " must have the same size on both sides");      \
    static_assert(std::is_trivially_copyable_v<type>, #type " crosses by memcpy");              \
    static_assert(std::has_unique_object_representations_v<type>, #type " has hidden padding")
#else
#define MAP_ABI(type, size) _Static_assert(sizeof(type) == (size), #type " must have the same size on both sides")
#endif
