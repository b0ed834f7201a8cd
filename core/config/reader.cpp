#include "config/reader.h"

#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "config/message.h"
#include "config/values.h"

namespace kes::config {
namespace {

[[nodiscard]] std::string_view kindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "text";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
  }
  return "nothing";
}

[[nodiscard]] std::string expected(std::string_view what, YamlNode::Kind found) {
  return "expected " + std::string(what) + ", found " + std::string(kindName(found));
}

}  // namespace

std::string Scalar::shown() const {
  return variable.empty() ? "'" + printable(text) + "'"
                          : "'${" + printable(variable) + "}' as set in the environment";
}

void Reader::refuse(const base::SourceLocation& location, std::string_view path, std::string_view problem) {
  if (!failure_) failure_ = base::Failure{located(location, path, problem)};
}

void Reader::warn(const base::SourceLocation& location, std::string_view path, std::string_view text) {
  warnings_.push_back(located(location, path, text));
}

void Reader::substitute(Scalar& scalar) {
  const std::string_view reference = base::trimmed(scalar.text);
  if (reference.size() < 3 || !reference.starts_with("${") || !reference.ends_with("}")) return;
  scalar.variable = base::trimmed(reference.substr(2, reference.size() - 3));
  auto value = environment_(scalar.variable);
  scalar.text.clear();
  if (!value) {
    refuse(scalar, "the environment variable '" + printable(scalar.variable) +
                       "' is not set; set it, or write the value here");
  } else if (base::toValidUtf8(*value) != *value) {
    refuse(scalar, "the environment variable '" + printable(scalar.variable) + "' is not UTF-8");
  } else {
    scalar.text = std::move(*value);
  }
}

Section::Section(Reader& reader, const NodePtr& root)
    : Section(reader, "", "", reader.at(root->mark), root) {}

Section::Section(Reader& reader, std::string name, std::string path, base::SourceLocation location,
                 const NodePtr& node)
    : reader_(&reader), name_(std::move(name)), path_(std::move(path)), location_(std::move(location)) {
  if (!node || node->kind == YamlNode::Kind::null) return;
  if (node->kind == YamlNode::Kind::mapping) {
    node_ = node;
  } else {
    reader_->refuse(reader_->at(node->mark), path_, expected("a mapping", node->kind));
  }
}

const std::vector<YamlNode::Member>& Section::members() const noexcept {
  static const std::vector<YamlNode::Member> kNone;
  return node_ ? node_->members : kNone;
}

const NodePtr* Section::find(std::string_view key) const noexcept {
  const auto* member = node_ ? node_->find(key) : nullptr;
  return member != nullptr ? &member->value : nullptr;
}

bool Section::has(std::string_view key) const noexcept {
  const NodePtr* node = find(key);
  return node != nullptr && (*node)->kind != YamlNode::Kind::null;
}

bool Section::isMapping(std::string_view key) const noexcept {
  const NodePtr* node = find(key);
  return node != nullptr && (*node)->kind == YamlNode::Kind::mapping;
}

base::SourceLocation Section::keyLocation(std::string_view key) const {
  const auto* member = node_ ? node_->find(key) : nullptr;
  return member != nullptr ? reader_->at(member->mark) : location_;
}

// A null stands nowhere in particular, so its key does.
base::SourceLocation Section::locate(std::string_view key) const {
  const auto* member = node_ ? node_->find(key) : nullptr;
  if (member == nullptr) return location_;
  return reader_->at(member->value->kind == YamlNode::Kind::null ? member->mark : member->value->mark);
}

Section Section::section(std::string_view key) const {
  const NodePtr* node = find(key);
  return {*reader_, std::string(key), memberPath(path_, key), keyLocation(key),
          node != nullptr ? *node : nullptr};
}

std::vector<Section> Section::sections() const {
  std::vector<Section> sections;
  for (const auto& member : members()) sections.push_back(section(member.key));
  return sections;
}

std::vector<NodePtr> Section::list(std::string_view key) const {
  const NodePtr* node = find(key);
  if (node == nullptr || (*node)->kind == YamlNode::Kind::null) return {};
  if ((*node)->kind == YamlNode::Kind::list) return (*node)->items;
  reader_->refuse(locate(key), memberPath(path_, key), expected("a list", (*node)->kind));
  return {};
}

std::vector<Section> Section::items(std::string_view key) const {
  std::vector<Section> sections;
  for (const auto& item : list(key)) {
    const std::string path = itemPath(memberPath(path_, key), sections.size());
    sections.push_back({*reader_, "", path, reader_->at(item->mark), item});
  }
  return sections;
}

Scalar Section::toScalar(const NodePtr& node, std::string path, base::SourceLocation location) const {
  Scalar scalar{std::move(path), std::move(location), {}, {}};
  if (!node || node->kind == YamlNode::Kind::null) return scalar;
  if (node->kind == YamlNode::Kind::scalar) {
    scalar.text = node->text;
  } else {
    reader_->refuse(scalar, expected("text", node->kind));
  }
  return scalar;
}

Scalar Section::scalar(std::string_view key) const {
  const NodePtr* node = find(key);
  Scalar scalar = toScalar(node != nullptr ? *node : nullptr, memberPath(path_, key), locate(key));
  reader_->substitute(scalar);
  return scalar;
}

std::vector<Scalar> Section::literals(std::string_view key) const {
  std::vector<Scalar> scalars;
  for (const auto& item : list(key)) {
    scalars.push_back(
        toScalar(item, itemPath(memberPath(path_, key), scalars.size()), reader_->at(item->mark)));
  }
  return scalars;
}

std::vector<Scalar> Section::scalars(std::string_view key) const {
  auto scalars = literals(key);
  for (auto& scalar : scalars) reader_->substitute(scalar);
  return scalars;
}

std::optional<bool> Section::boolean(std::string_view key) const {
  const Scalar text = scalar(key);
  if (text.empty()) return std::nullopt;
  const auto value = parseBoolean(text.text);
  if (!value) reader_->refuse(text, text.shown() + " is neither yes nor no; write true or false");
  return value;
}

std::optional<std::chrono::nanoseconds> Section::duration(std::string_view key) const {
  const Scalar text = scalar(key);
  if (text.empty()) return std::nullopt;
  const auto value = base::parseDuration(text.text);
  if (!value) {
    reader_->refuse(text,
                    text.shown() + " is not a duration; write numbers with units, such as 30s or 1h30m");
  }
  return value;
}

std::optional<std::size_t> Section::size(std::string_view key) const {
  const Scalar text = scalar(key);
  if (text.empty()) return std::nullopt;
  const auto value = parseSize(text.text);
  if (!value)
    reader_->refuse(text, text.shown() + " is not a size; write a number, such as 4096, 16KiB or 4MB");
  return value;
}

}  // namespace kes::config
