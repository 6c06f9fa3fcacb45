// SPDX-License-Identifier: Apache-2.0
// Both directions of many calls' media from one end of them: sends 50 packets of RTP a second on each of its sockets,
// counts what arrives on them, each packet once. For a hundred calls Python would be too slow.
//
// Commands on standard input, a line each; every one is answered by a line:
//   flow LOCAL_ADDRESS LOCAL_PORT REMOTE_ADDRESS REMOTE_PORT      "ok"
//   go, stop                                                      "ok"; after `stop` nothing more is sent
//   count                                                         "SENT RECEIVED" of each flow, in their order
//   forget                                                        "ok"; the counts begin at 0 again
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <bitset>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto period = std::chrono::milliseconds(20);
constexpr size_t packet_bytes = 172; // of G.711, 20 ms
constexpr int buffer_bytes = 1 << 20;

struct Flow {
    int socket = -1;
    uint32_t ssrc = 0;
    uint32_t next = 0; // number of the packet; its lower half is the sequence number
    uint64_t sent = 0, received = 0;
    std::bitset<65536> seen; // twenty minutes of sequence numbers
    Clock::time_point due;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress socket_address(const std::string& address, uint16_t port) {
    SocketAddress made;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&made.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&made.storage);
    if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        made.size = sizeof *v4;
    } else if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        made.size = sizeof *v6;
    }
    return made;
}

class Streams {
public:
    // Until standard input ends.
    void run() {
        for (bool is_open = true; is_open;) {
            std::vector<pollfd> waiting{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
            for (const Flow& flow : flows_) waiting.push_back({.fd = flow.socket, .events = POLLIN, .revents = 0});
            const int timeout = send_due();
            poll(waiting.data(), waiting.size(), timeout);
            for (size_t i = 1; i < waiting.size(); ++i)
                if (waiting[i].revents != 0) receive(flows_[i - 1]);
            if (waiting[0].revents != 0) is_open = read_commands();
        }
    }

private:
    // A late one moves those that follow, so that none comes in a burst. Returns the milliseconds until the next.
    int send_due() {
        if (!is_going_) return -1;
        const auto now = Clock::now();
        auto next = now + period;
        for (Flow& flow : flows_) {
            if (flow.due <= now) {
                send(flow);
                flow.due = now + period;
            }
            next = std::min(next, flow.due);
        }
        return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count());
    }

    static void send(Flow& flow) {
        std::array<unsigned char, packet_bytes> packet{};
        packet.fill(0xff);
        const uint32_t number = flow.next++;
        packet[0] = 0x80;
        packet[1] = 0; // PCMU
        put(&packet[2], static_cast<uint16_t>(number));
        put32(&packet[4], number * 160);
        put32(&packet[8], flow.ssrc);
        if (::send(flow.socket, packet.data(), packet.size(), 0) == static_cast<ssize_t>(packet.size())) ++flow.sent;
    }

    static void receive(Flow& flow) {
        std::array<unsigned char, 2048> packet{};
        while (true) {
            const ssize_t size = recv(flow.socket, packet.data(), packet.size(), MSG_DONTWAIT);
            if (size < 0) return; // empty, or the other end's port was shut: the next one says
            if (size != static_cast<ssize_t>(packet_bytes)) continue;
            const size_t sequence = static_cast<size_t>(packet[2]) << 8 | packet[3];
            if (flow.seen.test(sequence)) continue;
            flow.seen.set(sequence);
            ++flow.received;
        }
    }

    static void put(unsigned char* at, uint16_t value) {
        at[0] = static_cast<unsigned char>(value >> 8);
        at[1] = static_cast<unsigned char>(value);
    }
    static void put32(unsigned char* at, uint32_t value) {
        put(at, static_cast<uint16_t>(value >> 16));
        put(at + 2, static_cast<uint16_t>(value));
    }

    bool read_commands() {
        std::array<char, 4096> bytes{};
        const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size <= 0) return false;
        unread_.append(bytes.data(), static_cast<size_t>(size));
        for (size_t end = unread_.find('\n'); end != unread_.npos; end = unread_.find('\n')) {
            std::cout << answer(unread_.substr(0, end)) << std::endl;
            unread_.erase(0, end + 1);
        }
        return true;
    }

    std::string answer(const std::string& line) {
        std::istringstream words(line);
        std::string command;
        words >> command;
        if (command == "flow") return add(words);
        if (command == "count") return counts();
        if (command == "go" || command == "stop") {
            is_going_ = command == "go";
            spread();
            return "ok";
        }
        if (command != "forget") return "what is " + line + "?";
        for (Flow& flow : flows_) {
            flow.sent = flow.received = 0;
            flow.seen.reset();
        }
        return "ok";
    }

    // One after the other over the period, as calls do that began at different times.
    void spread() {
        const auto now = Clock::now();
        for (size_t i = 0; i < flows_.size(); ++i)
            flows_[i].due = now + period * static_cast<int64_t>(i) / static_cast<int64_t>(flows_.size());
    }

    std::string add(std::istringstream& words) {
        std::string local, remote;
        uint16_t local_port = 0, remote_port = 0;
        words >> local >> local_port >> remote >> remote_port;
        const auto from = socket_address(local, local_port), to = socket_address(remote, remote_port);
        const int made = socket(from.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
        if (bind(made, reinterpret_cast<const sockaddr*>(&from.storage), from.size) != 0 ||
            connect(made, reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0)
            return std::string("no: ") + std::strerror(errno);
        Flow& flow = flows_.emplace_back();
        flow.socket = made;
        flow.ssrc = static_cast<uint32_t>(getpid()) << 12 | static_cast<uint32_t>(flows_.size());
        return "ok";
    }

    std::string counts() const {
        std::string all;
        for (const Flow& flow : flows_) all += std::to_string(flow.sent) + " " + std::to_string(flow.received) + " ";
        return all;
    }

    std::vector<Flow> flows_;
    std::string unread_;
    bool is_going_ = false;
};

} // namespace

int main() {
    Streams().run();
    return 0;
}
