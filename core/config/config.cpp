#include "config/config.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/secret.h"
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

[[nodiscard]] base::Outcome<std::string> readFile(const std::string& file) {
  const auto fail = [&file](const std::string& why) {
    return base::fail(file + ": cannot read the configuration: " + why + "; check the path and its rights");
  };
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(std::system_category().message(errno));
  std::string text(kMaxFileSize + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(std::system_category().message(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileSize) {
    return base::fail(file + ": the configuration is larger than 1 MiB; is this the right file?");
  }
  return text;
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
  auto text = readFile(file);
  if (!text) return std::unexpected(text.error());
  auto config = parse(*text, file, environment);
  base::wipe(*text);  // it may hold passwords
  return config;
}

base::Outcome<Config> parse(const std::string& text, const std::string& file,
                            const Environment& environment) {
  const auto root = parseYaml(text, file);
  if (!root) return std::unexpected(root.error());
  Reader reader(file, environment);
  auto config = readConfig(reader, *root);
  if (config) config->file = file;
  return config;
}

}  // namespace kes::config
