// The configuration file: YAML to Config (config/config.h).
#include "config/config.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "base/json_reader.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

const config::Environment kEnvironment = [](const std::string& name) -> std::optional<std::string> {
  if (name == "A") return "root";
  if (name == "B") return "p";
  return std::nullopt;
};

void requireOneLine(const std::string& text) {
  require(text.starts_with("c.yml"), "a message says where");
  require(text.find('\n') == text.npos, "and is one line");
}

bool isJsonObject(std::string text) {
  base::JsonReader json({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  json.beginObject();
  while (json.nextMember()) {
  }
  return json.doneAtEnd();
}

void checkConfig(const config::Config& config) {
  require(!config.admin.empty() && !config.keystore.id.empty(), "there is an admin and a key store");
  require(isJsonObject(config.keystore.json), "the key store's section is JSON");
  require(config::parseAddress(config.address).has_value(), "the address is one");
  for (const int level : {config.log.error, config.log.audit}) {
    require(config::parseLogLevel(config::formatLogLevel(level)) == level,
            "a log level is written as it reads");
  }
  for (const auto& warning : config.warnings) requireOneLine(warning);
  require(config.limits.streams > 0 && config.limits.headerSize > 0, "limits let something through");
}

void check(const std::string& text) {
  const auto config = config::parse(text, "c.yml", kEnvironment);
  if (!config) return requireOneLine(config.error().message);
  checkConfig(*config);
  if (text.starts_with("\xEF\xBB\xBF")) return;
  const auto marked = config::parse("\xEF\xBB\xBF" + text, "c.yml", kEnvironment);
  require(marked && marked->keystore.json == config->keystore.json, "a byte order mark changes nothing");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::check(std::string(kes::base::textOf({data, size})));
  return 0;
}
