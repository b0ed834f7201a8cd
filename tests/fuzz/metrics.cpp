// Metrics of a server (client/metrics.h).
#include "client/metrics.h"

#include <string>

#include "base/bytes.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

void check(std::string_view text) {
  const auto metrics = client::parseMetrics(text);
  if (!metrics) {
    require(metrics.error().message.starts_with("line "), "a refusal names the line");
    return;
  }
  const auto padded = client::parseMetrics("# comment\n\n" + std::string(text) + "\n");
  require(padded.has_value(), "comments and blank lines do not matter");
  require(padded->requests() == metrics->requests(), "and change nothing");
  require(padded->latency.size() == metrics->latency.size(), "and change no bucket");
  require(!client::parseMetrics(std::string(text) + "\n{").has_value(), "every line is looked at");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::check(kes::base::textOf({data, size}));
  return 0;
}
