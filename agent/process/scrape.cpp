// SPDX-License-Identifier: Apache-2.0
#include "agent/process/scrape.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace ringwall::agent {
using boost::asio::awaitable;
using control::Request;
using control::Response;
using namespace std::chrono_literals;
namespace {

constexpr auto fresh_for = 1s; // however many ask, calls are not kept waiting by it
constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";

class Scrape {
public:
    Scrape(const Wall& wall, const control::Delays& delays, const Resources& resources)
        : wall_(wall), delays_(delays), resources_(resources) {}

    const std::string& text() {
        const auto now = std::chrono::steady_clock::now();
        if (!text_.empty() && now - made_at_ < fresh_for) return text_;
        control::Measured measured;
        measured.bans = wall_.bans.standing();
        measured.delays = delays_;
        measured.cpu_s = resources_.cpu_s();
        measured.resident_bytes = resources_.resident_bytes();
        text_ = control::metrics(status_of(wall_), measured, wall_.core.policy());
        made_at_ = now;
        return text_;
    }

    Response ready() const {
        const std::string why = control::unready(status_of(wall_));
        return {.status = why.empty() ? 200U : 503U,
                .content_type = std::string(text_format),
                .body = why.empty() ? "ready\n" : why};
    }

private:
    const Wall& wall_;
    const control::Delays& delays_;
    const Resources& resources_;
    std::string text_;
    std::chrono::steady_clock::time_point made_at_;
};

Response plain(unsigned status, std::string body) {
    return {.status = status, .content_type = std::string(text_format), .body = std::move(body)};
}

awaitable<Response> answer(std::shared_ptr<Scrape> scrape, Request request) {
    if (request.method != "GET" && request.method != "HEAD") co_return plain(405, "GET\n");
    // That this loop answers is what lives.
    if (request.target == "/livez") co_return plain(200, "alive\n");
    if (request.target == "/readyz") co_return scrape->ready();
    if (request.target != "/metrics") co_return plain(404, "/metrics, /livez, /readyz\n");
    co_return plain(200, scrape->text());
}

} // namespace

Resources::Resources() : statm_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

double Resources::cpu_s() const {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// The second number of statm(5), in pages.
uint64_t Resources::resident_bytes() const {
    std::array<char, 128> bytes{};
    const ssize_t size = pread(statm_.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) return 0;
    const std::string_view text(bytes.data(), static_cast<size_t>(size));
    const size_t second = text.find(' ') + 1;
    uint64_t pages = 0;
    std::from_chars(text.data() + second, text.data() + text.size(), pages);
    return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

control::Handler scrapes(const Wall& wall, const control::Delays& delays, const Resources& resources) {
    auto scrape = std::make_shared<Scrape>(wall, delays, resources);
    return [scrape](Request request) { return answer(scrape, std::move(request)); };
}

} // namespace ringwall::agent
