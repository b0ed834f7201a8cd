#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.h"
#include "histogram.h"
#include "options.h"
#include "process.h"

namespace kes::load {

// Named results in the order they are told, as a line of JSON or as text for people.
class Figures {
 public:
  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, double value, int decimals = 0);
  void print(bool json) const;

 private:
  struct Figure {
    std::string name;
    std::string value;
    bool quoted;
  };
  std::vector<Figure> figures_;
};

// Counts the answers of a run and what they cost the server.
class Report {
 public:
  explicit Report(int pid) : pid_(pid) {}

  // Forgets what was counted, but not what failed: the measurement begins.
  void begin();
  void answered(int status, std::string_view body, Clock::time_point since);
  void failed(std::string what);
  // The measurement is over.
  void end();

  [[nodiscard]] std::uint64_t requests() const noexcept { return latencies_.count(); }
  [[nodiscard]] double seconds() const noexcept { return seconds_; }
  // Microseconds of the server's CPU for each of `count` things; 0 when its pid is not known.
  [[nodiscard]] double serverMicrosPer(std::uint64_t count) const noexcept;
  [[nodiscard]] bool good() const noexcept { return errors_ == 0 && requests() > 0; }

  // Starts the figures with what every mode tells, or ends them with the latencies.
  [[nodiscard]] Figures figures(const Options& options, std::string_view mode) const;
  void addLatencies(Figures& figures) const;
  // Prints, complains about the first failure, and returns the exit code.
  [[nodiscard]] int conclude(const Figures& figures, bool json) const;

 private:
  int pid_;
  Histogram latencies_;
  std::uint64_t errors_ = 0;
  std::string firstError_;
  Clock::time_point begin_;
  ProcessUse useAtBegin_;
  double seconds_ = 0;
  double cpuSeconds_ = 0;
};

}  // namespace kes::load
