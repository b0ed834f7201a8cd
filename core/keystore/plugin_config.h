#pragma once

#include <Poco/Dynamic/Var.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "keystore/keystore.h"

namespace kes::keystore {

// The configuration of a plugin, parsed. Its values may be secrets: no message of this class holds one.
class PluginConfig {
 public:
  // Checks the configuration against `schema` (JSON Schema, draft 7). An empty configuration counts as {}.
  [[nodiscard]] static base::Outcome<PluginConfig> parse(const StoreSettings& settings, const char* schema);

  // The JSON text for the plugin.
  [[nodiscard]] const std::string& text() const noexcept { return document_->text; }
  // The value at an RFC 6901 pointer; nothing if there is none, or null.
  [[nodiscard]] std::optional<Poco::Dynamic::Var> find(std::string_view pointer) const;

 private:
  struct Document {
    std::string text;
    Poco::Dynamic::Var root;

    Document() = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    ~Document();  // wipes
  };

  PluginConfig() = default;

  std::unique_ptr<Document> document_ = std::make_unique<Document>();
};

// What is wrong with the key store's part of the configuration: "kes.yml:7:5: key store fs: <text> (at
// /path)".
[[nodiscard]] std::string configProblem(const StoreSettings& settings, std::string_view pointer,
                                        std::string_view text);

}  // namespace kes::keystore
