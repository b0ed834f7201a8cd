#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kes::config {

// A place in the file; lines and columns count from 1, columns in characters.
struct Mark {
  int line = 0;
  int column = 0;
};

// One value of a YAML document. Scalars keep the text they were written with: nothing becomes a number or a
// boolean here. Texts may be secrets; they are wiped with the node.
struct YamlNode {
  enum class Kind { null, scalar, list, mapping };
  struct Member;

  Kind kind = Kind::null;
  Mark mark;
  std::string text;  // of a scalar; of a null as it was written: "", "~", "null"
  std::vector<std::shared_ptr<const YamlNode>> items;
  std::vector<Member> members;  // in the order of the file, each key once
  std::size_t size = 1;         // nodes of the tree from here on, aliases counted as what they stand for
  std::size_t height = 1;

  YamlNode() = default;
  YamlNode(const YamlNode&) = delete;
  YamlNode& operator=(const YamlNode&) = delete;
  ~YamlNode();

  // The member with this key, or null.
  [[nodiscard]] const Member* find(std::string_view key) const noexcept;
};

using NodePtr = std::shared_ptr<const YamlNode>;

struct YamlNode::Member {
  std::string key;
  Mark mark;  // of the key
  NodePtr value;
};

// Reads the first document of `text`; what follows it is not looked at. Anchors, aliases and merge keys
// (`<<`) are resolved; an alias shares the node it stands for. Refused, with the place: text that is not
// UTF-8 or has control characters, YAML that does not parse, an empty file, a key given twice or that is not
// text, nesting deeper than 64, and more than 100,000 nodes after aliases. `file` is the name for messages.
[[nodiscard]] base::Outcome<NodePtr> parseYaml(std::string_view text, const std::string& file);

}  // namespace kes::config
