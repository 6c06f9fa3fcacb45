// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "agent/log/line.hpp"
#include "agent/log/outlet.hpp"
#include "agent/log/privacy.hpp"

namespace ringwall::log {
namespace {

using Format = policy::LogFormat;

// Even escaped a line stays well under PIPE_BUF (outlet.cpp): `ringwall check` tells all of a long story.
constexpr size_t longest_text = 1500, longest_value = 300;

spdlog::level::level_enum of(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        default: return spdlog::level::err;
    }
}

// The journal where our standard error goes there; JSON for who collects the output of containers; people otherwise.
Format format_here() {
    if (is_journal_stream(STDERR_FILENO, std::getenv("JOURNAL_STREAM"))) return Format::journal;
    return std::getenv("KUBERNETES_SERVICE_HOST") != nullptr ? Format::json : Format::text;
}

const char* pattern_of(Format format) {
    switch (format) {
        case Format::json: return R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","process":"%n",%v})";
        case Format::journal: return "%v";
        default: return "%Y-%m-%dT%H:%M:%S.%e%z %l %n %v";
    }
}

std::string cut(std::string_view text, size_t longest) {
    return text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "...";
}

class Log {
public:
    void start(std::string_view process) {
        logger_.reset();
        outlet_.reset();
        outlets_ = {}; // closes its socket before another one gets the number
        outlets_ = {to_descriptor(STDERR_FILENO), to_journal()};
        process_ = process;
        automatic_ = format_here();
        use(settings_, hash_); // as the parent had it before a fork
    }

    void use(const policy::Log& settings, UserHash hash) {
        settings_ = settings;
        hash_ = std::move(hash);
        format_ = settings.format == Format::auto_ ? automatic_ : settings.format;
        if (!outlets_.journal && format_ == Format::journal) format_ = Format::text;
        outlet_ = format_ == Format::journal ? outlets_.journal : outlets_.standard_error;
        logger_ = std::make_unique<spdlog::logger>(process_, outlet_);
        logger_->set_level(of(settings.level));
        logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            pattern_of(format_), spdlog::pattern_time_type::local, format_ == Format::journal ? "" : "\n"));
    }

    void write(Level level, std::string_view id, std::string_view text, const Fields& fields) {
        if (!logger_) start("ringwall");
        if (!logger_->should_log(of(level))) return;
        put(level, id, text, fields);
        if (const uint64_t lost = outlet_->take_lost(); lost != 0)
            put(Level::warn, "log.lost", "nobody took " + std::to_string(lost) + " lines of the log in time", {});
    }

private:
    struct Outlets {
        std::shared_ptr<Outlet> standard_error, journal;
    };

    void put(Level level, std::string_view id, std::string_view text, const Fields& fields) {
        const std::string safe_text = cut(shown(text), longest_text);
        Fields safe;
        for (const Field& field : fields) safe.push_back({field.name, cut(shown(field.value), longest_value)});
        const Line line{.level = level, .process = process_, .id = id, .text = safe_text, .fields = safe};
        const std::string written = format_ == Format::json      ? as_json(line)
                                    : format_ == Format::journal ? as_journal(line)
                                                                 : as_text(line);
        logger_->log(of(level), spdlog::string_view_t(written.data(), written.size()));
    }

    std::string shown(std::string_view text) const {
        return settings_.hides_users ? hide_users(text, hash_) : std::string(text);
    }

    std::string process_ = "ringwall";
    Outlets outlets_;
    std::shared_ptr<Outlet> outlet_;
    std::unique_ptr<spdlog::logger> logger_;
    Format automatic_ = Format::text, format_ = Format::text;
    policy::Log settings_;
    UserHash hash_ = [](std::string_view) { return uint64_t{0}; };
};

// One a process: what is worth a line may come from anywhere.
Log& the_log() {
    static Log log;
    return log;
}

} // namespace

void start(std::string_view process) { the_log().start(process); }
void configure(const policy::Log& settings, UserHash hash) { the_log().use(settings, std::move(hash)); }

// Whatever becomes of a line, the agent goes on.
void event(Level level, std::string_view id, std::string_view text, const Fields& fields) {
    try {
        the_log().write(level, id, text, fields);
    } catch (const std::exception&) {}
}

void debug(std::string_view id, std::string_view text, const Fields& fields) { event(Level::debug, id, text, fields); }
void info(std::string_view id, std::string_view text, const Fields& fields) { event(Level::info, id, text, fields); }
void warn(std::string_view id, std::string_view text, const Fields& fields) { event(Level::warn, id, text, fields); }
void error(std::string_view id, std::string_view text, const Fields& fields) { event(Level::error, id, text, fields); }

} // namespace ringwall::log
