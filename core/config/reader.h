#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/source_map.h"
#include "config/config.h"
#include "config/yaml.h"

namespace kes::config {

// One text of the file, with what a later message about it needs.
struct Scalar {
  std::string path;               // "tls.auth"
  base::SourceLocation location;  // of the value; of the section when the value is missing
  std::string text;               // empty: not given
  std::string variable;           // the environment variable that `text` is from

  [[nodiscard]] bool empty() const noexcept { return text.empty(); }
  // The text for a message. What is from a variable is named, not shown: a mix-up of two variables must not
  // print a password.
  [[nodiscard]] std::string shown() const;
};

// What all sections of one file share: the first failure, which decides, and the warnings.
class Reader {
 public:
  Reader(std::string file, const Environment& environment)
      : file_(std::move(file)), environment_(environment) {}

  [[nodiscard]] base::SourceLocation at(Mark mark) const { return {file_, mark.line, mark.column}; }
  // Keeps the first failure; later ones are dropped.
  void refuse(const base::SourceLocation& location, std::string_view path, std::string_view problem);
  void refuse(const Scalar& scalar, std::string_view problem) {
    refuse(scalar.location, scalar.path, problem);
  }
  void warn(const base::SourceLocation& location, std::string_view path, std::string_view text);
  void warn(const Scalar& scalar, std::string_view text) { warn(scalar.location, scalar.path, text); }

  // Replaces a text that is as a whole `${NAME}` by the variable's value.
  void substitute(Scalar& scalar);

  [[nodiscard]] const std::optional<base::Failure>& failure() const noexcept { return failure_; }
  [[nodiscard]] std::vector<std::string> takeWarnings() { return std::move(warnings_); }

 private:
  std::string file_;
  const Environment& environment_;
  std::optional<base::Failure> failure_;
  std::vector<std::string> warnings_;
};

// A mapping of the file, or the place where one could be: a missing section and a null read as an empty one.
// Reading a value of the wrong type is a failure of the reader and gives an empty value.
class Section {
 public:
  // The whole file.
  Section(Reader& reader, const NodePtr& root);

  [[nodiscard]] Reader& reader() const noexcept { return *reader_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const base::SourceLocation& location() const noexcept { return location_; }
  // The members of the mapping, in the order of the file.
  [[nodiscard]] const std::vector<YamlNode::Member>& members() const noexcept;
  // Whether `key` is there with a value other than null.
  [[nodiscard]] bool has(std::string_view key) const noexcept;
  [[nodiscard]] bool isMapping(std::string_view key) const noexcept;
  // Of the key itself; of the section when the key is missing.
  [[nodiscard]] base::SourceLocation keyLocation(std::string_view key) const;

  [[nodiscard]] Section section(std::string_view key) const;
  // Every member as a section of its own.
  [[nodiscard]] std::vector<Section> sections() const;
  // The items of a list of mappings.
  [[nodiscard]] std::vector<Section> items(std::string_view key) const;

  [[nodiscard]] Scalar scalar(std::string_view key) const;
  [[nodiscard]] std::vector<Scalar> scalars(std::string_view key) const;
  // The same without ${VAR}.
  [[nodiscard]] std::vector<Scalar> literals(std::string_view key) const;

  // Nothing when the key is missing or empty.
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] std::optional<std::chrono::nanoseconds> duration(std::string_view key) const;
  // A number of bytes or things: "250", "16KiB", "4MB".
  [[nodiscard]] std::optional<std::size_t> size(std::string_view key) const;

 private:
  Section(Reader& reader, std::string name, std::string path, base::SourceLocation location,
          const NodePtr& node);
  [[nodiscard]] const NodePtr* find(std::string_view key) const noexcept;
  [[nodiscard]] base::SourceLocation locate(std::string_view key) const;
  [[nodiscard]] std::vector<NodePtr> list(std::string_view key) const;
  [[nodiscard]] Scalar toScalar(const NodePtr& node, std::string path, base::SourceLocation location) const;

  Reader* reader_;
  std::string name_;
  std::string path_;
  base::SourceLocation location_;
  NodePtr node_;  // a mapping, or null
};

}  // namespace kes::config
