// SPDX-License-Identifier: Apache-2.0
// A test in a network namespace of its own, whose loopback is up and stands for a protected address: what TEST_RUN cannot
// make comes to a real TC hook.
#pragma once

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

class LoopbackWall : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        network("127.0.0.1/32", 0, NETWORK_PROTECTED);
        home_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs CAP_SYS_ADMIN";
        socket_ = bound(sender_port);
        ifreq up{};
        std::strcpy(up.ifr_name, "lo");
        up.ifr_flags = IFF_UP;
        ASSERT_EQ(ioctl(socket_, SIOCSIFFLAGS, &up), 0);
    }
    void TearDown() override { // the namespace goes with its last descriptor
        ::close(socket_);
        setns(home_, CLONE_NEWNET);
        ::close(home_);
    }
    static void attach(bpf_tc_attach_point point, int program) {
        LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = point);
        LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program);
        ASSERT_EQ(bpf_tc_hook_create(&hook), 0);
        ASSERT_EQ(bpf_tc_attach(&hook, &options), 0);
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
    void send(const Bytes& payload, uint16_t port) {
        sockaddr_in to = at(port);
        const auto sent =
            sendto(socket_, payload.data(), payload.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
        ASSERT_EQ(sent, static_cast<ssize_t>(payload.size())) << std::strerror(errno);
    }

    static constexpr uint16_t sender_port = 30000;
    int socket_ = -1; // bound to it

private:
    int home_ = -1;
};

} // namespace ringwall::test
