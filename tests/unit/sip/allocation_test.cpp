// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "agent/sdp/session.hpp"
#include "agent/sip/message.hpp"
#include "tests/bench/messages.hpp"

namespace {

size_t allocations = 0;

void* allocate(size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

} // namespace

void* operator new(size_t size) { return allocate(size); }
void* operator new[](size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace ringwall {
namespace {

TEST(Parsers, allocate_nothing) {
    const auto message = std::make_unique<sip::Message>();
    const auto session = std::make_unique<sdp::Session>();
    const std::string_view multipart = "multipart/mixed;boundary=b\n--b\nContent-Type: application/sdp\n\nv=0\n--b--";
    const size_t before = allocations;
    const bool is_read = sip::parse(bench::invite, *message).has_value();
    const auto body = sip::find_sdp(*message);
    const bool is_described = body && *body && sdp::parse(**body, *session).has_value();
    const bool is_refused = !sip::parse("INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n", *message).has_value();
    message->content_type = multipart.substr(0, 26);
    message->body = multipart.substr(27);
    const bool is_found = sip::find_sdp(*message).value_or(std::nullopt).has_value();
    const size_t after = allocations;
    EXPECT_TRUE(is_read && is_described && is_refused && is_found);
    EXPECT_EQ(after, before);
    EXPECT_GT(before, 0U) << "the count does not count";
}

} // namespace
} // namespace ringwall
