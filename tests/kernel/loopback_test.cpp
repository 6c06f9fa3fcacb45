// SPDX-License-Identifier: Apache-2.0
// What TEST_RUN cannot make: datagrams of up to 64 KiB as the stack builds them, at a real TC hook. The program sits on
// the egress of the loopback of a network namespace of the test's own.
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Loopback : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        network("127.0.0.1/32", 0, NETWORK_PROTECTED);
        home_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs CAP_SYS_ADMIN";
        socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ifreq up{};
        std::strcpy(up.ifr_name, "lo");
        up.ifr_flags = IFF_UP;
        ASSERT_EQ(ioctl(socket_, SIOCSIFFLAGS, &up), 0);
        LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = BPF_TC_EGRESS);
        LIBBPF_OPTS(bpf_tc_opts, program, .prog_fd = egress_program());
        ASSERT_EQ(bpf_tc_hook_create(&hook), 0);
        ASSERT_EQ(bpf_tc_attach(&hook, &program), 0);
        sockaddr_in source = at(5060);
        ASSERT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&source), sizeof source), 0);
    }
    void TearDown() override { // the namespace goes with its last descriptor
        ::close(socket_);
        setns(home_, CLONE_NEWNET);
        ::close(home_);
    }
    static sockaddr_in at(uint16_t port) {
        return {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    }
    void send(const Bytes& message) {
        sockaddr_in to = at(5070);
        auto sent = sendto(socket_, message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
        ASSERT_EQ(sent, static_cast<ssize_t>(message.size())) << std::strerror(errno);
    }

private:
    int home_ = -1;
    int socket_ = -1;
};

TEST_F(Loopback, mirrors_datagrams_longer_than_a_record_in_pieces_that_follow_each_other) {
    for (size_t length : {4095U, 4096U, 4097U, 8192U, 20000U, 65507U}) {
        std::string sip = "MESSAGE sip:alice@example.com SIP/2.0\r\n";
        for (size_t i = sip.size(); i < length; ++i) sip += static_cast<char>('a' + i * 7 % 26);
        send(text(sip).bytes);
        auto records = ring("ring_inside");
        ASSERT_EQ(records.size(), (length + RECORD_BYTES - 1) / RECORD_BYTES) << length;
        size_t offset = 0;
        for (const auto& [header, bytes] : records) {
            EXPECT_EQ(header.length, length);
            EXPECT_EQ(header.offset, offset);
            EXPECT_EQ(header.ifindex, 1U);
            EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), sip.begin() + static_cast<long>(offset)));
            offset += bytes.size();
            EXPECT_EQ((header.flags & RECORD_MORE) != 0, offset < length);
        }
        EXPECT_EQ(offset, length);
    }
    EXPECT_EQ(event(EVENT_mirrored), 6U);
}

TEST_F(Loopback, wakes_a_sleeping_agent_for_urgent_records_only) {
    auto invite = text("INVITE sip:a SIP/2.0\r\n\r\n").bytes;
    auto options = text("OPTIONS sip:a SIP/2.0\r\n\r\n").bytes;
    (void)is_woken("ring_inside"); // begins to watch
    heartbeat(0s, true);
    send(options);
    EXPECT_FALSE(is_woken("ring_inside"));
    send(invite);
    EXPECT_TRUE(is_woken("ring_inside"));
    EXPECT_EQ(ring("ring_inside").size(), 2U);
    heartbeat(0s, false);
    send(invite);
    EXPECT_FALSE(is_woken("ring_inside"));
    EXPECT_EQ(ring("ring_inside").size(), 1U);
}

} // namespace
} // namespace ringwall::test
