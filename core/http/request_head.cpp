#include "http/request_head.h"

#include <algorithm>

namespace kes::http {
namespace {

// What a request leaves behind for the next one to use again.
constexpr std::size_t kKeptText = 2048;
constexpr std::size_t kKeptFields = 64;

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

void RequestHead::clear() noexcept {
  if (fields_.capacity() > kKeptFields) fields_ = std::vector<Field>();
  text_.clear(kKeptText);
  fields_.clear();
  method_ = {};
  target_ = {};
}

void RequestHead::addField(std::string_view name, std::string_view value) {
  const auto stored = store(name);
  const auto written = text_.span().subspan(stored.offset);
  std::ranges::transform(written, written.begin(), [](std::uint8_t c) {
    return static_cast<std::uint8_t>(lower(static_cast<char>(c)));
  });
  fields_.push_back({stored, store(value)});
}

std::string_view RequestHead::field(std::string_view name) const noexcept {
  for (const auto& field : fields_) {
    if (matches(field, name)) return text(field.value);
  }
  return {};
}

std::size_t RequestHead::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(),
                                                [&](const Field& field) { return matches(field, name); }));
}

RequestHead::Piece RequestHead::store(std::string_view text) {
  const Piece piece{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_.append(text);
  return piece;
}

bool RequestHead::matches(const Field& field, std::string_view name) const noexcept {
  if (field.name.size != name.size()) return false;
  return std::ranges::equal(text(field.name), name, {}, {}, lower);
}

}  // namespace kes::http
