// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace ringwall::log {
namespace {

void write(spdlog::level::level_enum level, std::string_view event, std::string_view text) {
    // A full disk or a closed stderr must not end the agent.
    try {
        spdlog::log(level, "{}: {}", event, escaped(text));
    } catch (const std::exception&) {}
}

} // namespace

void start(std::string_view process) {
    auto logger =
        std::make_shared<spdlog::logger>(std::string(process), std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n %v");
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

void debug(std::string_view event, std::string_view text) { write(spdlog::level::debug, event, text); }
void info(std::string_view event, std::string_view text) { write(spdlog::level::info, event, text); }
void warn(std::string_view event, std::string_view text) { write(spdlog::level::warn, event, text); }
void error(std::string_view event, std::string_view text) { write(spdlog::level::err, event, text); }

std::string escaped(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string safe;
    safe.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f && c != '\\') {
            safe += c;
            continue;
        }
        safe += "\\x";
        safe += digits[byte >> 4];
        safe += digits[byte & 15];
    }
    return safe;
}

} // namespace ringwall::log
