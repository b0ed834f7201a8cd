#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/wiped_bytes.h"

namespace kes::http {

// Method, target and fields of one request, kept in one flat buffer that is used again for the next request.
class RequestHead {
 public:
  void clear() noexcept;

  void setMethod(std::string_view method) { method_ = store(method); }
  void setTarget(std::string_view target) { target_ = store(target); }
  // Names are kept in lower case.
  void addField(std::string_view name, std::string_view value);

  [[nodiscard]] std::string_view method() const noexcept { return text(method_); }
  [[nodiscard]] std::string_view target() const noexcept { return text(target_); }
  // The first value of the field, any case; empty where there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  // Size of the fields as RFC 9113 §6.5.2 counts it: 32 bytes more than name and value for each.
  [[nodiscard]] std::size_t listSize() const noexcept { return text_.size() + 32 * fields_.size(); }

 private:
  struct Piece {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Piece name;
    Piece value;
  };

  [[nodiscard]] Piece store(std::string_view text);
  [[nodiscard]] std::string_view text(Piece piece) const noexcept {
    return base::textOf(text_.view().subspan(piece.offset, piece.size));
  }
  [[nodiscard]] bool matches(const Field& field, std::string_view name) const noexcept;

  WipedBytes text_;  // a client may show in it what it should not
  std::vector<Field> fields_;
  Piece method_;
  Piece target_;
};

}  // namespace kes::http
