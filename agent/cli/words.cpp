// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/words.hpp"

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <ctime>

namespace ringwall::cli {
namespace {

namespace json = boost::json;

const json::value* member(const json::value& object, std::string_view key) {
    return object.is_object() ? object.get_object().if_contains(key) : nullptr;
}

std::string two_units(int64_t value, int64_t per_large, std::string_view large, std::string_view small) {
    const std::string first = std::to_string(value / per_large) + " " + std::string(large);
    const int64_t rest = value % per_large;
    return rest == 0 ? first : first + " " + std::to_string(rest) + " " + std::string(small);
}

} // namespace

std::string duration(double seconds) {
    if (seconds < 10) {
        std::array<char, 16> digits{};
        std::snprintf(digits.data(), digits.size(), "%.1f s", std::fmax(seconds, 0));
        return digits.data();
    }
    constexpr double most = 1e9; // what cannot be a time is shown as a long one
    const auto whole = static_cast<int64_t>(std::fmin(seconds, most));
    if (whole < 120) return std::to_string(whole) + " s";
    if (whole < 7200) return std::to_string(whole / 60) + " min";
    if (whole < 172800) return two_units(whole / 60, 60, "h", "min");
    return two_units(whole / 3600, 24, "d", "h");
}

std::string clock_time(int64_t epoch_s) {
    if (epoch_s <= 0) return "-";
    const auto when = static_cast<std::time_t>(epoch_s);
    std::tm local{};
    std::array<char, 32> digits{};
    if (localtime_r(&when, &local) == nullptr) return "-";
    std::strftime(digits.data(), digits.size(), "%Y-%m-%d %H:%M:%S", &local);
    return digits.data();
}

std::string time_of_day(double epoch_s) {
    const auto milliseconds = static_cast<int64_t>(std::fmin(std::fmax(epoch_s, 0), 1e11) * 1000);
    const auto when = static_cast<std::time_t>(milliseconds / 1000);
    std::tm local{};
    std::array<char, 32> digits{};
    if (localtime_r(&when, &local) == nullptr) return "-";
    const size_t length = std::strftime(digits.data(), digits.size(), "%H:%M:%S", &local);
    std::snprintf(digits.data() + length, digits.size() - length, ".%03d", static_cast<int>(milliseconds % 1000));
    return digits.data();
}

std::string grouped(uint64_t number) {
    std::string digits = std::to_string(number);
    for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ' ');
    return digits;
}

std::string counted(uint64_t number, std::string_view singular) {
    return grouped(number) + " " + std::string(singular) + (number == 1 ? "" : "s");
}

std::string text(const json::value& object, std::string_view key) {
    const json::value* found = member(object, key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

uint64_t number(const json::value& object, std::string_view key) {
    const json::value* found = member(object, key);
    if (found == nullptr) return 0;
    if (found->is_uint64()) return found->get_uint64();
    return found->is_int64() && found->get_int64() > 0 ? static_cast<uint64_t>(found->get_int64()) : 0;
}

double real(const json::value& object, std::string_view key) {
    const json::value* found = member(object, key);
    return found != nullptr && found->is_number() ? found->to_number<double>() : 0;
}

const json::array& list(const json::value& object, std::string_view key) {
    static const json::array none;
    const json::value* found = member(object, key);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

} // namespace ringwall::cli
