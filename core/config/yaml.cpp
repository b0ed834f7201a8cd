#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <spanstream>
#include <unordered_map>
#include <utility>

#include "base/encoding.h"
#include "base/secret.h"
#include "config/message.h"

namespace kes::config {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 100'000;

// Thrown out of yaml-cpp's event callbacks, which know no other way to stop the parser.
struct Refusal {
  Mark mark;
  std::string path;
  std::string problem;
};

[[nodiscard]] bool isContinuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Where yaml-cpp's mark is, with the column in characters; yaml-cpp counts bytes.
[[nodiscard]] Mark markOf(const YAML::Mark& mark, std::string_view text) {
  const auto position = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text.size());
  const auto column = std::min(static_cast<std::size_t>(std::max(mark.column, 0)), position);
  const auto before = text.substr(position - column, column);
  const auto characters = std::ranges::count_if(before, [](char c) { return !isContinuation(c); });
  return {mark.line + 1, static_cast<int>(characters) + 1};
}

[[nodiscard]] Mark markOf(std::size_t position, std::string_view text) {
  const auto before = text.substr(0, position);
  const auto line = before.substr(before.rfind('\n') + 1);
  return {static_cast<int>(std::ranges::count(before, '\n')) + 1,
          static_cast<int>(std::ranges::count_if(line, [](char c) { return !isContinuation(c); })) + 1};
}

// Builds the tree of nodes from yaml-cpp's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  [[nodiscard]] NodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::mapping, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Key {
    std::string text;
    Mark mark;
    bool merge;  // an unquoted `<<`
  };
  // A list or mapping whose end has not come yet.
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    std::optional<Key> key;                        // of the value that comes next
    std::unordered_map<std::string, Mark> seen;    // keys written in this mapping
    std::vector<std::pair<NodePtr, Mark>> merged;  // values of `<<`
  };

  [[noreturn]] void refuse(Mark mark, std::string problem) const {
    throw Refusal{mark, path(), std::move(problem)};
  }
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::shared_ptr<YamlNode> make(YamlNode::Kind kind, Mark mark, std::string text);
  void open(YamlNode::Kind kind, const YAML::Mark& at, YAML::anchor_t anchor);
  void close();
  void remember(YAML::anchor_t anchor, const NodePtr& node);
  void count(std::size_t nodes, Mark mark);
  void add(const NodePtr& node, Mark mark, bool plain);
  void takeKey(const NodePtr& node, Mark mark, bool plain);
  void addMember(Open& mapping, const NodePtr& node);
  void merge(Open& mapping, const NodePtr& source, Mark mark);
  void adopt(YamlNode& parent, const NodePtr& child, Mark mark) const;

  std::string_view text_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  std::size_t count_ = 0;
  NodePtr root_;
};

std::string TreeBuilder::path() const {
  std::string path;
  for (const auto& level : open_) {
    if (level.node->kind == YamlNode::Kind::list) {
      path = itemPath(path, level.node->items.size());
    } else if (level.key) {
      path = memberPath(path, level.key->text);
    }
  }
  return path;
}

void TreeBuilder::OnNull(const YAML::Mark& at, YAML::anchor_t anchor) {
  const Mark mark = markOf(at, text_);
  const auto rest = text_.substr(std::min(static_cast<std::size_t>(std::max(at.pos, 0)), text_.size()));
  // yaml-cpp does not hand over how a null was written, and puts the mark of one that was left out behind the
  // key or on a later line.
  const bool sameLine = open_.empty() || !open_.back().key || open_.back().key->mark.line == mark.line;
  std::string written;
  for (const auto* form : {"~", "null", "Null", "NULL"}) {
    if (sameLine && rest.starts_with(form)) written = form;
  }
  const auto node = make(YamlNode::Kind::null, mark, std::move(written));
  remember(anchor, node);
  add(node, mark, true);
}

void TreeBuilder::OnScalar(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const Mark mark = markOf(at, text_);
  if (value.find('\0') != std::string::npos) refuse(mark, "the text has a NUL character; take it out");
  const auto node = make(YamlNode::Kind::scalar, mark, value);
  remember(anchor, node);
  add(node, mark, tag == "?");
}

void TreeBuilder::OnAlias(const YAML::Mark& at, YAML::anchor_t anchor) {
  const Mark mark = markOf(at, text_);
  const auto it = anchors_.find(anchor);
  if (it == anchors_.end()) refuse(mark, "the alias stands inside what it stands for; write the value out");
  count(it->second->size, mark);
  add(it->second, mark, false);
}

std::shared_ptr<YamlNode> TreeBuilder::make(YamlNode::Kind kind, Mark mark, std::string text) {
  count(1, mark);
  auto node = std::make_shared<YamlNode>();
  node->kind = kind;
  node->mark = mark;
  node->text = std::move(text);
  return node;
}

void TreeBuilder::open(YamlNode::Kind kind, const YAML::Mark& at, YAML::anchor_t anchor) {
  const Mark mark = markOf(at, text_);
  if (open_.size() == kMaxDepth) refuse(mark, "nested more than 64 deep; flatten the file");
  const bool isKey =
      !open_.empty() && open_.back().node->kind == YamlNode::Kind::mapping && !open_.back().key;
  if (isKey) refuse(mark, "a key must be text, not a list or a mapping");
  open_.push_back({make(kind, mark, {}), anchor, std::nullopt, {}, {}});
}

void TreeBuilder::close() {
  for (const auto& [source, mark] : open_.back().merged) merge(open_.back(), source, mark);
  const Open done = std::move(open_.back());
  open_.pop_back();
  remember(done.anchor, done.node);
  add(done.node, done.node->mark, false);
}

void TreeBuilder::remember(YAML::anchor_t anchor, const NodePtr& node) {
  if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, node);
}

void TreeBuilder::count(std::size_t nodes, Mark mark) {
  count_ += nodes;
  if (count_ > kMaxNodes)
    refuse(mark, "the file has more than 100,000 values, aliases counted as what they stand for");
}

// A finished node goes to where the parser is: the root, the next item, the next key or the value of a key.
void TreeBuilder::add(const NodePtr& node, Mark mark, bool plain) {
  if (open_.empty()) {
    root_ = node;
    return;
  }
  Open& parent = open_.back();
  if (parent.node->kind == YamlNode::Kind::list) {
    adopt(*parent.node, node, mark);
    parent.node->items.push_back(node);
  } else if (!parent.key) {
    takeKey(node, mark, plain);
  } else {
    addMember(parent, node);
  }
}

void TreeBuilder::takeKey(const NodePtr& node, Mark mark, bool plain) {
  Open& mapping = open_.back();
  if (node->kind == YamlNode::Kind::list || node->kind == YamlNode::Kind::mapping) {
    refuse(mark, "a key must be text, not a list or a mapping");
  }
  const auto [first, isNew] = mapping.seen.emplace(node->text, mark);
  mapping.key = Key{node->text, mark, plain && node->text == "<<"};
  if (isNew) return;
  refuse(mark, "the key is given twice, first on line " + std::to_string(first->second.line) +
                   "; keep one of them");
}

void TreeBuilder::addMember(Open& mapping, const NodePtr& node) {
  if (mapping.key->merge) {
    mapping.merged.emplace_back(node, mapping.key->mark);
  } else {
    adopt(*mapping.node, node, mapping.key->mark);
    mapping.node->members.push_back({std::move(mapping.key->text), mapping.key->mark, node});
  }
  mapping.key.reset();
}

// Adds what `mapping` does not state itself; of several sources the first wins (yaml.org/type/merge.html).
void TreeBuilder::merge(Open& mapping, const NodePtr& source, Mark mark) {
  if (source->kind == YamlNode::Kind::list) {
    for (const auto& item : source->items) {
      if (item->kind != YamlNode::Kind::mapping) refuse(mark, "'<<' takes a mapping or a list of mappings");
      merge(mapping, item, mark);
    }
    return;
  }
  if (source->kind != YamlNode::Kind::mapping) refuse(mark, "'<<' takes a mapping or a list of mappings");
  for (const auto& member : source->members) {
    if (!mapping.seen.emplace(member.key, member.mark).second) continue;
    count(member.value->size, mark);
    adopt(*mapping.node, member.value, mark);
    mapping.node->members.push_back(member);
  }
}

// Keeps size and height of `parent`. The depth is checked here too, for an alias brings its own.
void TreeBuilder::adopt(YamlNode& parent, const NodePtr& child, Mark mark) const {
  parent.size += child->size;
  parent.height = std::max(parent.height, child->height + 1);
  if (open_.size() + child->height > kMaxDepth) refuse(mark, "nested more than 64 deep; flatten the file");
}

// The first byte that YAML does not allow (YAML 1.2 §5.1). It must not reach yaml-cpp, which guesses an
// encoding from the first bytes and takes U+0004 for the end of the file.
[[nodiscard]] std::optional<Refusal> findForbidden(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (control) return Refusal{markOf(i, text), "", "the file has a control character here; take it out"};
  }
  const std::string valid = base::toValidUtf8(text);
  if (valid == text) return std::nullopt;
  const auto at = std::ranges::mismatch(text, valid).in1 - text.begin();
  return Refusal{markOf(static_cast<std::size_t>(at), text), "",
                 "the file is not UTF-8 here; save it as UTF-8"};
}

[[nodiscard]] NodePtr buildTree(std::string_view text) {
  if (auto refusal = findForbidden(text)) throw Refusal(std::move(*refusal));
  try {
    std::ispanstream stream(std::span<const char>(text.data(), text.size()));
    YAML::Parser parser(stream);
    TreeBuilder builder(text);
    const bool found = parser.HandleNextDocument(builder);
    const bool empty = !found || !builder.root() || builder.root()->kind == YamlNode::Kind::null;
    if (empty) throw Refusal{{1, 1}, "", "the file is empty; it needs at least admin, tls and keystore"};
    return builder.root();
  } catch (const YAML::Exception& e) {
    throw Refusal{markOf(e.mark, text), "",
                  "not valid YAML: " + e.msg + "; check indentation and quotes here"};
  }
}

}  // namespace

YamlNode::~YamlNode() {
  base::wipe(text);
}

const YamlNode::Member* YamlNode::find(std::string_view key) const noexcept {
  const auto it = std::ranges::find(members, key, &Member::key);
  return it == members.end() ? nullptr : &*it;
}

base::Outcome<NodePtr> parseYaml(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  try {
    return buildTree(text);
  } catch (const Refusal& refusal) {
    const base::SourceLocation location{file, refusal.mark.line, refusal.mark.column};
    return base::fail(located(location, refusal.path, refusal.problem));
  }
}

}  // namespace kes::config
