// SPDX-License-Identifier: Apache-2.0
// Buffers of many datagrams at a real TC ingress (UDP_SEGMENT through the loopback of a network namespace): each is judged
// and mirrored by itself, and where one is refused none arrives.
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Datagrams : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        settings().flags = WALL_ADMIT_ALL | WALL_ALLOW_HAIRPIN;
        apply_settings();
        network("127.0.0.1/32", 0, NETWORK_PROTECTED);
        home_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs CAP_SYS_ADMIN";
        sender_ = bound(30000);
        ifreq up{};
        std::strcpy(up.ifr_name, "lo");
        up.ifr_flags = IFF_UP;
        ASSERT_EQ(ioctl(sender_, SIOCSIFFLAGS, &up), 0);
        LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = BPF_TC_INGRESS);
        LIBBPF_OPTS(bpf_tc_opts, program, .prog_fd = tc_ingress_program());
        ASSERT_EQ(bpf_tc_hook_create(&hook), 0);
        ASSERT_EQ(bpf_tc_attach(&hook, &program), 0);
    }
    void TearDown() override { // the namespace goes with its last descriptor
        ::close(sender_);
        setns(home_, CLONE_NEWNET);
        ::close(home_);
    }
    static sockaddr_in at(uint16_t port) {
        return {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    }
    static int bound(uint16_t port) {
        const int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_in source = at(port);
        EXPECT_EQ(bind(made, reinterpret_cast<sockaddr*>(&source), sizeof source), 0);
        return made;
    }
    // One buffer; all but the last as long as the first.
    void send(const std::vector<raw>& datagrams, uint16_t port) {
        Bytes all;
        for (const auto& each : datagrams) all.insert(all.end(), each.bytes.begin(), each.bytes.end());
        const int size = static_cast<int>(datagrams[0].bytes.size());
        ASSERT_EQ(setsockopt(sender_, SOL_UDP, UDP_SEGMENT, &size, sizeof size), 0);
        sockaddr_in to = at(port);
        ASSERT_EQ(sendto(sender_, all.data(), all.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(all.size()))
            << std::strerror(errno);
    }
    static size_t arrived(int receiver) {
        char bytes[2048];
        size_t count = 0;
        while (recv(receiver, bytes, sizeof bytes, 0) >= 0) ++count;
        return count;
    }
    static Hole media() {
        return {
            .local = "127.0.0.1", .port = 40000, .flags = PINHOLE_CHECK_MEDIA, .peer = "127.0.0.1", .peer_port = 30000};
    }

private:
    int home_ = -1;
    int sender_ = -1;
};

TEST_F(Datagrams, of_one_buffer_are_counted_each) {
    open(media());
    const int receiver = bound(40000);
    send({rtp(1), rtp(1), rtp(1), rtp(1, 20)}, 40000);
    EXPECT_EQ(arrived(receiver), 4U);
    EXPECT_EQ(hole(media()).packets, 4U);
    EXPECT_EQ(hole(media()).bytes, 3 * 172U + 20);
    EXPECT_EQ(event(EVENT_refused_together), 0U);
    ::close(receiver);
}

TEST_F(Datagrams, fall_together_where_one_is_refused) {
    open(media());
    const int receiver = bound(40000);
    send({rtp(1), filled(172, 0xff), rtp(1)}, 40000);
    EXPECT_EQ(arrived(receiver), 0U);
    EXPECT_EQ(event(EVENT_refused_together), 2U);
    send({rtp(1), rtp(1), filled(50, 0xff)}, 40000);
    EXPECT_EQ(arrived(receiver), 0U);
    EXPECT_EQ(event(EVENT_refused_together), 4U);
    ::close(receiver);
}

TEST_F(Datagrams, of_sip_are_mirrored_each) {
    const std::string first = "OPTIONS sip:one@example.com SIP/2.0\r\n",
                      second = "OPTIONS sip:two@example.com SIP/2.0\r\n";
    send({text(first), text(second), text("\r\n\r\n")}, 5060);
    const auto records = ring("ring_strangers");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].bytes, text(first).bytes);
    EXPECT_EQ(records[1].bytes, text(second).bytes);
    EXPECT_EQ(records[1].header.length, second.size());
}

} // namespace
} // namespace ringwall::test
