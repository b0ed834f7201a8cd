#include "keystore/plugin_config.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <valijson/adapters/poco_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/secret.h"
#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

using Poco::Dynamic::Var;

constexpr std::size_t kMaxSchemaSize = std::size_t{64} * 1024;

struct Problem {
  std::string pointer;
  std::string text;
};

std::optional<Var> parseJson(const std::string& text) {
  try {
    return Poco::JSON::Parser().parse(text);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

base::Outcome<void> readSchema(const char* text, valijson::Schema& schema) {
  if (::strnlen(text, kMaxSchemaSize + 1) > kMaxSchemaSize) return base::fail("is larger than 64 KiB");
  const auto json = parseJson(text);
  if (!json || json->type() != typeid(Poco::JSON::Object::Ptr)) return base::fail("is not a JSON object");
  try {
    valijson::SchemaParser().populateSchema(valijson::adapters::PocoJsonAdapter(*json), schema);
  } catch (const std::exception& exception) {
    return base::fail(logText(exception.what()));
  }
  return {};
}

std::string escapeToken(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescapeToken(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~' || i + 1 == token.size()) {
      out += token[i];
      continue;
    }
    out += token[++i] == '1' ? '/' : '~';
  }
  return out;
}

// valijson's path is {"<root>", "[tls]", "[ca]"}.
std::string pointerOf(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& step : context) {
    if (step.size() < 2 || step.front() != '[') continue;
    pointer += '/' + escapeToken(std::string_view(step).substr(1, step.size() - 2));
  }
  return pointer;
}

// Of all complaints the innermost, first one: the others say that something inside is wrong.
Problem innermost(const valijson::ValidationResults& results) {
  const valijson::ValidationResults::Error* deepest = nullptr;
  for (const auto& error : results) {
    if (deepest == nullptr || error.context.size() > deepest->context.size()) deepest = &error;
  }
  if (deepest == nullptr) return {"", "does not match the plugin's schema"};
  Problem problem{pointerOf(deepest->context), deepest->description};
  constexpr std::string_view kUnknown = "Object contains a property that could not be validated";
  const auto begin = problem.text.rfind(": '");
  if (problem.text.starts_with(kUnknown) && begin != std::string::npos && problem.text.ends_with("'.")) {
    const std::string name = problem.text.substr(begin + 3, problem.text.size() - begin - 5);
    problem.pointer += '/' + escapeToken(name);
    problem.text = "is not a setting of this plugin";
  }
  return problem;
}

std::optional<Var> member(const Var& value, const std::string& name) {
  if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
    const auto& object = value.extract<Poco::JSON::Object::Ptr>();
    if (!object->has(name)) return std::nullopt;
    return object->get(name);
  }
  if (value.type() == typeid(Poco::JSON::Array::Ptr)) {
    const auto& array = value.extract<Poco::JSON::Array::Ptr>();
    unsigned index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size() || index >= array->size())
      return std::nullopt;
    return array->get(index);
  }
  return std::nullopt;
}

// The strings below `value`, which nobody else refers to, in place.
void wipeStrings(const Var& value) {
  if (value.type() == typeid(std::string)) base::wipe(const_cast<std::string&>(value.extract<std::string>()));
  if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
    for (const auto& [name, item] : *value.extract<Poco::JSON::Object::Ptr>()) wipeStrings(item);
  }
  if (value.type() == typeid(Poco::JSON::Array::Ptr)) {
    for (const Var& item : *value.extract<Poco::JSON::Array::Ptr>()) wipeStrings(item);
  }
}

}  // namespace

PluginConfig::Document::~Document() {
  base::wipe(text);
  wipeStrings(root);
}

base::Outcome<PluginConfig> PluginConfig::parse(const StoreSettings& settings, const char* schema) {
  PluginConfig config;
  const bool absent = settings.configuration.empty() || settings.configuration == "null";
  config.document_->text = absent ? "{}" : settings.configuration;
  auto json = parseJson(config.document_->text);
  if (!json) return base::fail(configProblem(settings, "", "is not valid JSON"));
  config.document_->root = *json;

  valijson::Schema rules;
  if (auto readable = readSchema(schema, rules); !readable) {
    return base::fail(fmt::format("key store plugin {}: its configuration schema {}", settings.id,
                                  readable.error().message));
  }
  valijson::ValidationResults results;
  try {
    if (valijson::Validator().validate(rules, valijson::adapters::PocoJsonAdapter(config.document_->root),
                                       &results)) {
      return config;
    }
  } catch (const std::exception&) {
    return base::fail(configProblem(settings, "", "cannot be checked against the plugin's schema"));
  }
  const Problem problem = innermost(results);
  return base::fail(configProblem(settings, problem.pointer, problem.text));
}

std::optional<Var> PluginConfig::find(std::string_view pointer) const {
  if (!pointer.empty() && pointer.front() != '/') return std::nullopt;
  std::optional<Var> value(std::in_place, document_->root);
  while (value && !pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    value = member(*value, unescapeToken(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  if (value && value->isEmpty()) return std::nullopt;
  return value;
}

std::string configProblem(const StoreSettings& settings, std::string_view pointer, std::string_view text) {
  const std::string where = settings.locations.find(pointer).text();
  return fmt::format("{}{}key store {}: {}{}", where, where.empty() ? "" : ": ", settings.id, logText(text),
                     pointer.empty() ? "" : fmt::format(" (at {})", logText(pointer)));
}

}  // namespace kes::keystore
