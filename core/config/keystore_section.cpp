#include "config/keystore_section.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "config/message.h"

namespace kes::config {
namespace {

// Vendors whose settings KES nests one level deeper, below the name of the product. The vendor is the
// plugin's id; the plugin gets the inner section.
struct Vendor {
  std::string_view id;
  std::string_view product;
};
constexpr std::array kVendors = {
    Vendor{"aws", "secretsmanager"}, Vendor{"azure", "keyvault"},    Vendor{"entrust", "keycontrol"},
    Vendor{"fortanix", "sdkms"},     Vendor{"gcp", "secretmanager"}, Vendor{"gemalto", "keysecure"},
};

[[nodiscard]] const Vendor* findVendor(std::string_view id) {
  const auto* it = std::ranges::find(kVendors, id, &Vendor::id);
  return it == kVendors.end() ? nullptr : it;
}

[[nodiscard]] bool isPluginId(std::string_view id) {
  constexpr std::size_t kLongest = 32;
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !id.empty() && id.size() <= kLongest && kLetters.find(id.front()) != std::string_view::npos &&
         id.find_first_not_of(kAllowed) == std::string_view::npos;
}

// One child of `keystore:` that could be the back end.
struct Candidate {
  std::string id;
  Section section;
};

class Picker {
 public:
  explicit Picker(const Section& keystore) : keystore_(keystore), reader_(keystore.reader()) {}

  // Fails on anything but one back end.
  [[nodiscard]] const Candidate* pick();

 private:
  void consider(const Section& child);
  void considerVendor(const Vendor& vendor, const Section& child);

  const Section& keystore_;
  Reader& reader_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> empty_;                           // plugins that are named, but without settings
  std::vector<std::pair<Section, std::string>> unusable_;  // and why
};

const Candidate* Picker::pick() {
  for (const auto& child : keystore_.sections()) consider(child);

  // A plugin without settings counts only where there is nothing else: KES takes an empty section for none.
  if (candidates_.empty() && empty_.size() == 1) return &empty_.front();
  if (candidates_.size() == 1) {
    for (const auto& [child, why] : unusable_) reader_.warn(child.location(), child.path(), why);
    return &candidates_.front();
  }
  if (candidates_.size() > 1) {
    const Section& second = candidates_[1].section;
    reader_.refuse(second.location(), second.path(),
                   "more than one keystore specified, the first on line " +
                       std::to_string(candidates_[0].section.location().line) + "; keep one of them");
  } else if (!unusable_.empty()) {
    reader_.refuse(unusable_.front().first.location(), unusable_.front().first.path(),
                   unusable_.front().second);
  } else {
    reader_.refuse(keystore_.location(), keystore_.path(),
                   "no keystore specified; name one plugin here, such as fs, with its settings");
  }
  return nullptr;
}

void Picker::consider(const Section& child) {
  if (const Vendor* vendor = findVendor(child.name())) return considerVendor(*vendor, child);
  if (child.name() == "kes") {
    unusable_.emplace_back(child,
                           "another KES server cannot be the key store, as in KES since 2023; name the key "
                           "store behind it");
  } else if (!isPluginId(child.name())) {
    unusable_.emplace_back(child,
                           "not the name of a plugin; those have up to 32 of a-z, 0-9 and '-', and begin "
                           "with a letter");
  } else if (keystore_.has(child.name())) {
    candidates_.push_back({child.name(), child});
  } else {
    empty_.push_back({child.name(), child});
  }
}

void Picker::considerVendor(const Vendor& vendor, const Section& child) {
  for (const auto& member : child.members()) {
    if (member.key == vendor.product) continue;
    reader_.warn(reader_.at(member.mark), memberPath(child.path(), member.key),
                 "unknown key, it has no effect; correct or remove it");
  }
  if (child.has(vendor.product)) {
    candidates_.push_back({std::string(vendor.id), child.section(vendor.product)});
  } else {
    unusable_.emplace_back(child, "no keystore specified: '" + std::string(vendor.product) +
                                      "' is missing or empty; its settings belong below it");
  }
}

// Writes a section as JSON: members sorted, no blanks, every scalar a string.
class JsonWriter {
 public:
  explicit JsonWriter(Reader& reader) : reader_(reader) {}

  [[nodiscard]] KeyStore write(const Candidate& candidate);

 private:
  void value(const YamlNode& node, const std::string& pointer, const std::string& path);
  void object(const std::vector<YamlNode::Member>& members, const std::string& pointer,
              const std::string& path);
  void array(const std::vector<NodePtr>& items, const std::string& pointer, const std::string& path);
  void text(std::string_view text);

  Reader& reader_;
  KeyStore result_;
};

KeyStore JsonWriter::write(const Candidate& candidate) {
  result_.id = candidate.id;
  result_.locations.add("", candidate.section.location());
  object(candidate.section.members(), "", candidate.section.path());
  return std::move(result_);
}

void JsonWriter::value(const YamlNode& node, const std::string& pointer, const std::string& path) {
  const auto location = reader_.at(node.mark);
  result_.locations.add(pointer, location);
  switch (node.kind) {
    case YamlNode::Kind::mapping:
      return object(node.members, pointer, path);
    case YamlNode::Kind::list:
      return array(node.items, pointer, path);
    case YamlNode::Kind::null:
      return text("");
    case YamlNode::Kind::scalar:
      Scalar scalar{path, location, node.text, {}};
      reader_.substitute(scalar);
      return text(scalar.text);
  }
}

// RFC 6901 §3.
[[nodiscard]] std::string pointerToken(std::string_view key) {
  std::string token;
  for (const char c : key) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return token;
}

void JsonWriter::object(const std::vector<YamlNode::Member>& members, const std::string& pointer,
                        const std::string& path) {
  std::vector<const YamlNode::Member*> sorted;
  for (const auto& member : members) {
    if (member.value->kind != YamlNode::Kind::null) sorted.push_back(&member);  // null is the same as missing
  }
  std::ranges::sort(sorted, {}, [](const YamlNode::Member* m) -> const std::string& { return m->key; });
  result_.json += '{';
  for (const auto* member : sorted) {
    if (member != sorted.front()) result_.json += ',';
    text(member->key);
    result_.json += ':';
    value(*member->value, pointer + "/" + pointerToken(member->key), memberPath(path, member->key));
  }
  result_.json += '}';
}

void JsonWriter::array(const std::vector<NodePtr>& items, const std::string& pointer,
                       const std::string& path) {
  result_.json += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) result_.json += ',';
    value(*items[i], pointer + "/" + std::to_string(i), itemPath(path, i));
  }
  result_.json += ']';
}

void JsonWriter::text(std::string_view text) {
  result_.json += '"';
  base::appendJsonEscaped(result_.json, text);
  result_.json += '"';
}

// Until 2022 the back end stood below `keys`, or in files of another kind altogether.
[[nodiscard]] bool refuseOldFormats(const Section& root) {
  if (root.has("keystore")) return false;
  for (const auto* key : {"system", "unseal"}) {
    if (!root.has(key)) continue;
    root.reader().refuse(
        root.keyLocation(key), key,
        "this is a file of the stateful KES of 2022 and 2023, which is not supported; write a "
        "configuration with admin, tls, policy and keystore");
    return true;
  }
  return false;
}

}  // namespace

KeyStore readKeyStore(const Section& root) {
  if (refuseOldFormats(root)) return {};
  const Section keystore = root.section("keystore");
  if (root.reader().failure()) return {};
  Picker picker(keystore);
  const Candidate* candidate = picker.pick();
  if (candidate == nullptr || root.reader().failure()) return {};
  return JsonWriter(root.reader()).write(*candidate);
}

}  // namespace kes::config
