#include "server/banner.h"

#include <fmt/format.h>

#include <algorithm>

#include "observe/log.h"
#include "server/interfaces.h"
#include "server/version.h"

namespace kes::server {
namespace {

// The API key and what follows it.
constexpr std::size_t kLongestRest = 1024;

void line(std::string& text, std::string_view label, std::string_view value, std::string_view remark = {}) {
  text += remark.empty() ? fmt::format("{:<11} {}\n", label, value)
                         : fmt::format("{:<11} {:<22} {}\n", label, value, remark);
}

bool isFingerprint(std::string_view identity) {
  return identity.size() == 64 && std::ranges::all_of(identity, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string banner(const Settings& settings, const std::string& storeDescription, std::uint16_t port,
                   bool memoryLocked) {
  const config::Config& config = settings.config;
  const std::string_view format = config.log.json ? "json" : "text";

  std::string text;
  line(text, "Version", version(), fmt::format("commit={}", commit()));
  line(text, "Runtime", "linux", fmt::format("compiler=g++ {}", __VERSION__));
  line(text, "License", "Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0");
  text += '\n';
  line(text, "KMS", storeDescription);
  std::string_view label = "API";
  for (const std::string& address : listenAddresses(settings.address.host)) {
    const std::string host = address.find(':') == address.npos ? address : "[" + address + "]";
    line(text, label, fmt::format("· https://{}:{}", host, port));
    label = "";
  }
  text += '\n';
  if (!settings.apiKey.empty()) {
    text.reserve(text.size() + kLongestRest);  // so that growing leaves no copy of the key behind
    text.append(fmt::format("{:<11} ", "API Key")).append(settings.apiKey) += '\n';
  }
  line(text, "Admin", isFingerprint(config.admin) ? config.admin : "<disabled>");
  line(text, "Logs",
       fmt::format("error=stderr level={} format={}", observe::levelName(config.log.error), format));
  if (config.log.audit <= observe::level::kInfo) {
    line(text, "",
         fmt::format("audit=stdout level={} format={}", observe::levelName(config.log.audit), format));
  }
  if (memoryLocked) line(text, "MLock", "enabled");
  text += '\n';
  return text;
}

}  // namespace kes::server
