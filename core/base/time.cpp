#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>
#include <limits>

namespace kes::base {
namespace {

using namespace std::chrono;

constexpr std::int64_t kSecondsPerDay = 86400;

std::string formatCivil(std::int64_t localSeconds, std::int32_t nanos, std::string_view zone) {
  std::int64_t dayNumber = localSeconds / kSecondsPerDay;
  std::int64_t secondOfDay = localSeconds % kSecondsPerDay;
  if (secondOfDay < 0) {
    secondOfDay += kSecondsPerDay;
    --dayNumber;
  }
  const year_month_day date{sys_days{days{dayNumber}}};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60);
  if (nanos != 0) {
    text += fmt::format(".{:09}", nanos);
    text.resize(text.find_last_not_of('0') + 1);
  }
  text += zone;
  return text;
}

// Reads exactly `digits` digits at the front of `text`.
std::optional<int> takeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int32_t> takeFraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int32_t nanos = 0;
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 9) nanos = nanos * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

// Seconds east of UTC.
std::optional<std::int64_t> takeZone(std::string_view& text) {
  if (take(text, 'Z')) return 0;
  const bool east = text.starts_with('+');
  if (!east && !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = takeNumber(text, 2);
  if (!hours || *hours > 24 || !take(text, ':')) return std::nullopt;
  const auto minutes = takeNumber(text, 2);
  if (!minutes || *minutes > 60) return std::nullopt;
  const std::int64_t offset = *hours * 3600 + *minutes * 60;
  return east ? offset : -offset;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};

// Longer names first, so that "ms" is not taken for "m".
constexpr std::array kUnits = {
    Unit{"ns", 1},         Unit{"us", 1'000},        Unit{"\u00b5s", 1'000},    Unit{"\u03bcs", 1'000},
    Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"h", 3'600'000'000'000},
};

std::string trimmedDecimal(std::int64_t whole, std::int64_t fraction, int digits) {
  if (fraction == 0) return fmt::format("{}", whole);
  std::string text = fmt::format("{}.{:0{}}", whole, fraction, digits);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace

Timestamp Timestamp::now() noexcept {
  const auto sinceEpoch = system_clock::now().time_since_epoch();
  const auto whole = floor<std::chrono::seconds>(sinceEpoch);
  return {whole.count(), static_cast<std::int32_t>(nanoseconds(sinceEpoch - whole).count())};
}

std::string formatRfc3339(Timestamp time) {
  return formatCivil(time.seconds, time.nanos, "Z");
}

std::string formatRfc3339Local(Timestamp time) {
  const std::time_t seconds = time.seconds;
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr || local.tm_gmtoff == 0) return formatRfc3339(time);
  const long offset = local.tm_gmtoff;
  const long magnitude = offset < 0 ? -offset : offset;
  return formatCivil(
      time.seconds + offset, time.nanos,
      fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', magnitude / 3600, magnitude / 60 % 60));
}

std::optional<Timestamp> parseRfc3339(std::string_view text) {
  const auto y = takeNumber(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto mo = takeNumber(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  const auto d = takeNumber(text, 2);
  if (!d || !take(text, 'T')) return std::nullopt;
  const auto h = takeNumber(text, 2);
  if (!h || *h > 23 || !take(text, ':')) return std::nullopt;
  const auto mi = takeNumber(text, 2);
  if (!mi || *mi > 59 || !take(text, ':')) return std::nullopt;
  const auto s = takeNumber(text, 2);
  if (!s || *s > 59) return std::nullopt;
  const auto nanos = takeFraction(text);
  if (!nanos) return std::nullopt;
  const auto zone = takeZone(text);
  if (!zone || !text.empty()) return std::nullopt;

  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t dayNumber = sys_days{date}.time_since_epoch().count();
  return Timestamp{dayNumber * kSecondsPerDay + *h * 3600 + *mi * 60 + *s - *zone, *nanos};
}

std::optional<nanoseconds> parseDuration(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return nanoseconds(0);
  if (text.empty()) return std::nullopt;

  // Summed in long double's 64-bit mantissa, so that "1.5h" and every whole number of nanoseconds are exact.
  long double total = 0;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, size);
    const auto point = number.find('.');
    if (size == 0 || number == "." ||
        (point != std::string_view::npos && number.find('.', point + 1) != number.npos)) {
      return std::nullopt;
    }
    text.remove_prefix(size);

    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (text.starts_with(candidate.name)) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(unit->name.size());
    if (!text.empty() && text.front() != '.' && (text.front() < '0' || text.front() > '9'))
      return std::nullopt;

    long double value = 0;
    long double scale = 1;
    bool afterPoint = false;
    for (const char c : number) {
      if (c == '.') {
        afterPoint = true;
        continue;
      }
      value = value * 10 + static_cast<long double>(c - '0');
      if (afterPoint) scale *= 10;
    }
    total += value / scale * static_cast<long double>(unit->nanos);
    if (total > static_cast<long double>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  }
  const auto count = static_cast<std::int64_t>(total);
  return nanoseconds(negative ? -count : count);
}

std::string formatDuration(nanoseconds duration) {
  const std::int64_t total = duration.count();
  if (total == 0) return "0s";
  if (total == std::numeric_limits<std::int64_t>::min()) return "-2562047h47m16.854775808s";
  if (total < 0) return "-" + formatDuration(-duration);
  if (total < 1'000) return fmt::format("{}ns", total);
  if (total < 1'000'000) return trimmedDecimal(total / 1'000, total % 1'000, 3) + "\u00b5s";
  if (total < 1'000'000'000) return trimmedDecimal(total / 1'000'000, total % 1'000'000, 6) + "ms";

  const std::int64_t wholeSeconds = total / 1'000'000'000;
  std::string text;
  if (wholeSeconds >= 3600) text += fmt::format("{}h", wholeSeconds / 3600);
  if (wholeSeconds >= 60) text += fmt::format("{}m", wholeSeconds / 60 % 60);
  return text + trimmedDecimal(wholeSeconds % 60, total % 1'000'000'000, 9) + "s";
}

}  // namespace kes::base
