// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "agent/log/line.hpp"
#include "agent/log/outlet.hpp"
#include "agent/log/privacy.hpp"

namespace ringwall::log {
namespace {

using Format = policy::LogFormat;

// Even escaped a line stays well under PIPE_BUF (outlet.cpp): `ringwall check` tells all of a long story.
constexpr size_t longest_text = 1500, longest_value = 300;

constexpr std::string_view nobody_listens = "no journald listens: the log goes to standard error until one does";

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

std::string written(const Line& line, Format format) {
    switch (format) {
        case Format::json: return as_json(line);
        case Format::journal: return as_journal(line);
        default: return as_text(line);
    }
}

// An outlet, and the words that lines have there.
class Way {
public:
    Way() = default;
    Way(std::shared_ptr<Outlet> outlet, Format format, std::string process, Level level)
        : outlet_(std::move(outlet)),
          format_(format),
          logger_(std::make_unique<spdlog::logger>(std::move(process), outlet_)) {
        logger_->set_level(of(level));
        logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            pattern_of(format), spdlog::pattern_time_type::local, format == Format::journal ? "" : "\n"));
    }

    bool is_open() const { return logger_ != nullptr; }
    bool has_use_for(Level level) const { return logger_->should_log(of(level)); }
    void put(const Line& line) {
        const std::string words = written(line, format_);
        logger_->log(of(line.level), spdlog::string_view_t(words.data(), words.size()));
    }
    bool is_unheard() const { return outlet_->is_unheard(); } // only a journal's
    uint64_t take_lost() { return outlet_ ? outlet_->take_lost() : 0; }

private:
    std::shared_ptr<Outlet> outlet_;
    Format format_ = Format::text;
    std::unique_ptr<spdlog::logger> logger_;
};

class Log {
public:
    void start(std::string_view process) {
        way_ = {};
        instead_ = {};
        outlets_ = {}; // closes its socket before another one gets the number
        outlets_ = {to_descriptor(STDERR_FILENO), to_journal()};
        process_ = process;
        automatic_ = format_here();
        use(settings_, hash_); // as the parent had it before a fork
    }

    void use(const policy::Log& settings, UserHash hash) {
        settings_ = settings;
        hash_ = std::move(hash);
        const Format format = settings.format == Format::auto_ ? automatic_ : settings.format;
        const auto& outlet = format == Format::journal ? outlets_.journal : outlets_.standard_error;
        way_ = Way(outlet, format, process_, settings.level);
        instead_ = {}; // an outlet has one format
        if (format == Format::journal) instead_ = Way(outlets_.standard_error, Format::text, process_, settings.level);
    }

    void write(Level level, std::string_view id, std::string_view text, const Fields& fields) {
        if (!way_.is_open()) start("ringwall");
        if (!way_.has_use_for(level)) return;
        put(level, id, text, fields);
        if (const uint64_t lost = way_.take_lost() + instead_.take_lost(); lost != 0)
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
        put({.level = level, .process = process_, .id = id, .text = safe_text, .fields = safe});
    }

    // Without a journald standard error has the line, as the reason of a start that failed; with the next one the journal.
    void put(const Line& line) {
        way_.put(line);
        const bool was_unheard = std::exchange(is_unheard_, way_.is_unheard());
        if (!is_unheard_) return;
        if (!was_unheard) instead_.put(of_ours(Level::warn, "log.journal", nobody_listens));
        instead_.put(line);
    }

    Line of_ours(Level level, std::string_view id, std::string_view text) const {
        static const Fields none;
        return {.level = level, .process = process_, .id = id, .text = text, .fields = none};
    }

    std::string shown(std::string_view text) const {
        return settings_.hides_users ? hide_users(text, hash_) : std::string(text);
    }

    std::string process_ = "ringwall";
    Outlets outlets_;
    Way way_, instead_;
    bool is_unheard_ = false;
    Format automatic_ = Format::text;
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
