#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/console.h"

namespace kes::cli {

// `text` as a JSON string, quotes included, with `<`, `>` and `&` escaped as KES prints them.
[[nodiscard]] std::string jsonString(std::string_view text);

// ["a","b"]
[[nodiscard]] std::string jsonStrings(std::span<const std::string> texts);

// An object, member by member. What is optional is left out when it is empty, zero or false.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) { return json(name, jsonString(value)); }
  JsonObject& optionalText(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  JsonObject& number(std::string_view name, std::int64_t value) { return json(name, std::to_string(value)); }
  JsonObject& optionalNumber(std::string_view name, std::int64_t value) {
    return value == 0 ? *this : number(name, value);
  }
  JsonObject& flag(std::string_view name, bool value) { return json(name, value ? "true" : "false"); }
  JsonObject& optionalFlag(std::string_view name, bool value) { return value ? flag(name, value) : *this; }
  // A value that is JSON already.
  JsonObject& json(std::string_view name, std::string_view value);
  [[nodiscard]] std::string close() const { return out_ + "}"; }

 private:
  std::string out_ = "{";
};

// A compact JSON text with line breaks, and two spaces per level.
[[nodiscard]] std::string indentJson(std::string_view compact);

// Prints it so on a terminal, and compact elsewhere.
void printJson(std::string_view compact, Console& console);

}  // namespace kes::cli
