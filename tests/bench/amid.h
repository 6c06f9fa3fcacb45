/* SPDX-License-Identifier: Apache-2.0 */
/* Calls' media that goes amid a flood; read by amid.bpf.h and by flood_bench. */
#pragma once

#include "maps/abi/abi.h"

struct stream {
    __be32 from;
    __be32 to;
    __be16 from_port;
    __be16 to_port;
    __be32 ssrc;
    __u32 sequence; /* of the next packet */
};
MAP_ABI(struct stream, 20);

#define MOST_STREAMS 64
#define MOST_FLOOD_BYTES 1024 /* of a frame of the flood */
