// What a plugin says about itself (keystore/plugin_description.h). The input fills the structs in; each lies
// in memory that ends with its `struct_size`, as an older plugin's would.
#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "fuzz.h"
#include "keystore/plugin_description.h"

namespace kes::fuzz {
namespace {

constexpr std::string_view kId = "id";
constexpr std::size_t kHead = 8;  // struct_size and abi_minor are always there

class Input {
 public:
  explicit Input(base::ByteView bytes) : rest_(bytes) {}

  template <typename Number>
  Number number() {
    Number value{};
    const auto size = std::min(sizeof value, rest_.size());
    if (size > 0) std::memcpy(&value, rest_.data(), size);
    rest_ = rest_.subspan(size);
    return value;
  }

  // Up to the next NUL; nothing for "\1".
  std::optional<std::string> text() {
    const auto all = base::textOf(rest_);
    const auto end = std::min(all.find('\0'), all.size());
    const std::string text(all.substr(0, end));
    rest_ = rest_.subspan(std::min(end + 1, rest_.size()));
    if (text == "\1") return std::nullopt;
    return text;
  }

 private:
  base::ByteView rest_;
};

// The first `struct_size` bytes of a struct, and nothing behind them.
template <typename Struct>
class AtTheEdge {
 public:
  explicit AtTheEdge(const Struct& full) {
    const auto size = std::clamp<std::size_t>(full.struct_size, kHead, sizeof full);
    memory_ = std::make_unique<std::uint8_t[]>(size);
    std::memcpy(memory_.get(), &full, size);
  }
  [[nodiscard]] const Struct* get() const { return reinterpret_cast<const Struct*>(memory_.get()); }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
};

struct Description {
  kes_plugin_v0 plugin{};
  kes_store_functions_v0 store{};
  bool hasStore = false;
  std::list<std::string> texts;
};

// Puts something that is never called where the input's bit is set.
template <typename Function>
void setWhere(bool present, Function& function) {
  if (present) function = reinterpret_cast<Function>(std::uintptr_t{8});
}

Description describe(base::ByteView bytes) {
  Input input(bytes);
  Description made;
  auto& plugin = made.plugin;
  plugin.struct_size = input.number<std::uint32_t>();
  plugin.abi_minor = input.number<std::uint32_t>();
  plugin.magic = input.number<std::uint64_t>();
  plugin.min_host_minor = input.number<std::uint32_t>();
  made.store.struct_size = input.number<std::uint32_t>();
  made.hasStore = input.number<std::uint8_t>() != 0;
  const auto functions = input.number<std::uint8_t>();
  setWhere((functions & 1) != 0, made.store.open);
  setWhere((functions & 2) != 0, made.store.close);
  setWhere((functions & 4) != 0, made.store.status);
  setWhere((functions & 8) != 0, made.store.create);
  setWhere((functions & 16) != 0, made.store.get);
  setWhere((functions & 32) != 0, made.store.remove);
  setWhere((functions & 64) != 0, made.store.list);
  for (auto* text : {&plugin.id, &plugin.name, &plugin.version, &plugin.vendor, &plugin.licence, &plugin.url,
                     &plugin.build, &plugin.config_schema}) {
    if (auto given = input.text()) *text = made.texts.emplace_back(std::move(*given)).c_str();
  }
  return made;
}

// The rules of sdk/include/kes/plugin.h.
bool isGood(const Description& given) {
  const auto& plugin = given.plugin;
  const auto& store = given.store;
  const bool shape =
      plugin.struct_size >= 104 && plugin.magic == KES_PLUGIN_MAGIC && plugin.min_host_minor == 0;
  const bool texts = plugin.id != nullptr && plugin.id == kId && given.texts.size() == 8;
  const bool functions =
      store.open && store.close && store.status && store.create && store.get && store.remove && store.list;
  return shape && texts && given.hasStore && store.struct_size >= 64 && functions;
}

void check(base::ByteView bytes) {
  auto given = describe(bytes);
  const AtTheEdge store(given.store);
  if (given.hasStore) given.plugin.store = store.get();
  const AtTheEdge plugin(given.plugin);
  const auto verdict = keystore::checkDescription(*plugin.get(), kId, "FILE");
  require(verdict.has_value() == isGood(given), "what keeps the rules is taken, and nothing else");
  if (verdict) return;
  const auto& says = verdict.error().message;
  require(says.starts_with("FILE"), "a refusal says which file");
  require(std::ranges::none_of(says, [](unsigned char c) { return c < 0x20 || c == 0x7f; }), "in one line");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::check({data, size});
  return 0;
}
