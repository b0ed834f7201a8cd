#include "config/config.h"

#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/file.h"
#include "config/draft.h"
#include "config/known_keys.h"
#include "config/message.h"
#include "config/reader.h"
#include "config/yaml.h"

namespace kes::config {
namespace {

constexpr std::size_t kMaxFileSize = 1U << 20U;

// `version` decides how all the rest is to be read, so it comes first and knows no ${VAR}.
void checkVersion(Reader& reader, const YamlNode& root) {
  const auto* member = root.find("version");
  if (member == nullptr) return;
  const YamlNode& version = *member->value;
  if (version.text.empty() && version.kind == YamlNode::Kind::null) return;
  const bool isText = version.kind == YamlNode::Kind::scalar;
  if (isText && (version.text.empty() || version.text == "v1")) return;
  const std::string shown = version.text.empty() ? "" : " '" + printable(version.text) + "'";
  reader.refuse(reader.at(version.mark), "version",
                "invalid config version" + shown + "; write v1, or leave version out");
}

[[nodiscard]] base::Outcome<Config> readConfig(Reader& reader, const NodePtr& root) {
  const auto stop = [&reader] { return std::unexpected(*reader.failure()); };
  checkVersion(reader, *root);
  if (reader.failure()) return stop();

  const Section file(reader, root);
  const Draft draft = readDraft(file);
  if (reader.failure()) return stop();

  warnAboutUnknownKeys(reader, root);
  Config config = checkDraft(file, draft);
  if (reader.failure()) return stop();
  config.warnings = reader.takeWarnings();
  return config;
}

[[nodiscard]] std::unexpected<base::Failure> unreadable(const std::string& file, std::error_code error) {
  if (error == std::errc::file_too_large) {
    return base::fail(file + ": the configuration is larger than 1 MiB; is this the right file?");
  }
  return base::fail(file + ": cannot read the configuration: " + error.message() +
                    "; check the path and its rights");
}

}  // namespace

Environment processEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

base::Outcome<Config> load(const std::string& file, const Environment& environment) {
  const auto text = base::readFile(file, kMaxFileSize);  // it may hold passwords
  if (!text) return unreadable(file, text.error());
  return parse(base::textOf(text->reveal()), file, environment);
}

base::Outcome<Config> parse(std::string_view text, const std::string& file, const Environment& environment) {
  const auto root = parseYaml(text, file);
  if (!root) return std::unexpected(root.error());
  Reader reader(file, environment);
  auto config = readConfig(reader, *root);
  if (config) config->file = file;
  return config;
}

}  // namespace kes::config
