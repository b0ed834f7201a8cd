#include "report.h"

#include <fmt/format.h>

#include <cstdio>

namespace kes::load {

void Figures::add(std::string_view name, std::string_view text) {
  figures_.push_back({std::string(name), std::string(text), true});
}

void Figures::add(std::string_view name, double value, int decimals) {
  figures_.push_back({std::string(name), fmt::format("{:.{}f}", value, decimals), false});
}

void Figures::print(bool json) const {
  std::string text;
  for (const Figure& figure : figures_) {
    if (json) {
      text += fmt::format(R"({}"{}":{}{}{})", text.empty() ? "{" : ",", figure.name,
                          figure.quoted ? "\"" : "", figure.value, figure.quoted ? "\"" : "");
    } else {
      text += fmt::format("{:<24} {:>12}\n", figure.name, figure.value);
    }
  }
  fmt::print("{}{}", text, json ? "}\n" : "");
}

void Report::begin() {
  latencies_.clear();
  begin_ = Clock::now();
  useAtBegin_ = useOf(pid_);
}

void Report::answered(int status, std::string_view body, Clock::time_point since) {
  latencies_.add(Clock::now() - since);
  if (status != 200) failed(fmt::format("status {}: {}", status, body));
}

void Report::failed(std::string what) {
  if (errors_++ == 0) firstError_ = std::move(what);
}

void Report::end() {
  cpuSeconds_ = (useOf(pid_).cpu - useAtBegin_.cpu).count();
  seconds_ = std::chrono::duration<double>(Clock::now() - begin_).count();
}

double Report::serverMicrosPer(std::uint64_t count) const noexcept {
  return count == 0 ? 0 : cpuSeconds_ * 1e6 / static_cast<double>(count);
}

Figures Report::figures(const Options& options, std::string_view mode) const {
  Figures figures;
  figures.add("mode", mode);
  figures.add("protocol", options.protocol);
  figures.add("mix", options.mix);
  figures.add("seconds", seconds_, 3);
  figures.add("requests", static_cast<double>(requests()));
  figures.add("errors", static_cast<double>(errors_));
  return figures;
}

void Report::addLatencies(Figures& figures) const {
  figures.add("p50_us", latencies_.percentileMicros(0.5), 1);
  figures.add("p90_us", latencies_.percentileMicros(0.9), 1);
  figures.add("p99_us", latencies_.percentileMicros(0.99), 1);
  figures.add("p999_us", latencies_.percentileMicros(0.999), 1);
  figures.add("max_us", latencies_.largestMicros(), 1);
}

int Report::conclude(const Figures& figures, bool json) const {
  figures.print(json);
  if (errors_ != 0) fmt::print(stderr, "first error: {}\n", firstError_);
  return good() ? 0 : 1;
}

}  // namespace kes::load
