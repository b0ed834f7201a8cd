#include "report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace kes::load {

void Report::answered(int status, std::string_view body, Clock::time_point sentAt) {
  ++requests_;
  if (status != 200) failed(fmt::format("status {}: {}", status, body));
  const auto nanos = static_cast<std::uint64_t>(std::max<std::int64_t>(1, (Clock::now() - sentAt).count()));
  // Bucket = power of two, split into kSteps equal steps.
  const auto power = static_cast<std::size_t>(std::bit_width(nanos) - 1);
  const std::size_t step = power < 6 ? 0 : (nanos >> (power - 6)) - kSteps;
  ++buckets_[std::min(power * kSteps + step, kBuckets - 1)];
}

void Report::failed(std::string what) {
  if (errors_++ == 0) firstError_ = std::move(what);
}

void Report::reset() {
  requests_ = 0;
  std::ranges::fill(buckets_, 0);
}

double Report::percentile(double share) const {
  std::uint64_t total = 0;
  for (const std::uint64_t count : buckets_) total += count;
  const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total) * share);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen <= wanted) continue;
    const double low = static_cast<double>(std::uint64_t{1} << (i / kSteps));
    return low * (1.0 + static_cast<double>(i % kSteps) / kSteps) / 1000.0;
  }
  return 0;
}

std::chrono::duration<double> cpuTimeOf(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // The fields after the command name, which may hold spaces; utime and stime are the 14th and 15th of all.
  const std::size_t end = text.rfind(')');
  if (end == text.npos) throw std::runtime_error(fmt::format("no process {}", pid));
  std::istringstream fields(text.substr(end + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return std::chrono::duration<double>((user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

}  // namespace kes::load
