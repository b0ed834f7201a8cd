#include "crypto/protobuf.h"

#include <algorithm>

namespace kes::crypto {
namespace {

constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kBytes = 2;
constexpr std::uint64_t kFixed32 = 5;
constexpr std::uint64_t kMaxFieldNumber = (1U << 29) - 1;

std::size_t encodedSize(std::uint64_t value) noexcept {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

}  // namespace

void ProtobufWriter::writeVarint(std::uint32_t field, std::uint64_t value) noexcept {
  if (value == 0) return;
  put(field << 3 | kVarint);
  put(value);
}

void ProtobufWriter::writeBytes(std::uint32_t field, base::ByteView value) noexcept {
  if (value.empty()) return;
  beginMessage(field, value.size());
  std::ranges::copy(value, out_.subspan(at_).begin());
  at_ += value.size();
}

void ProtobufWriter::beginMessage(std::uint32_t field, std::size_t size) noexcept {
  put(field << 3 | kBytes);
  put(size);
}

std::size_t ProtobufWriter::varintSize(std::uint64_t value) noexcept {
  return value == 0 ? 0 : 1 + encodedSize(value);
}

std::size_t ProtobufWriter::bytesSize(std::size_t size) noexcept {
  return size == 0 ? 0 : 1 + encodedSize(size) + size;
}

void ProtobufWriter::put(std::uint64_t varint) noexcept {
  for (; varint >= 0x80; varint >>= 7) out_[at_++] = static_cast<std::uint8_t>(varint | 0x80);
  out_[at_++] = static_cast<std::uint8_t>(varint);
}

std::optional<ProtobufReader::Field> ProtobufReader::next() noexcept {
  if (malformed_ || rest_.empty()) return {};
  Field field;
  const auto tag = takeVarint();
  const std::uint64_t number = tag.value_or(0) >> 3;
  if (number == 0 || number > kMaxFieldNumber || !takeValue(*tag & 7, field)) {
    malformed_ = true;
    return {};
  }
  field.number = static_cast<std::uint32_t>(number);
  return field;
}

bool ProtobufReader::takeValue(std::uint64_t wireType, Field& field) noexcept {
  if (wireType == kVarint) {
    field.varint = takeVarint();
    return field.varint.has_value();
  }
  if (wireType == kBytes) {
    const auto size = takeVarint();
    if (size) field.bytes = take(*size);
    return field.bytes.has_value();
  }
  if (wireType == kFixed64) return take(8).has_value();
  if (wireType == kFixed32) return take(4).has_value();
  return false;
}

std::optional<std::uint64_t> ProtobufReader::takeVarint() noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = take(1);
    if (!byte) return {};
    const std::uint64_t bits = byte->front() & 0x7FU;
    if (shift == 63 && bits > 1) return {};  // the tenth byte holds the last bit
    value |= bits << shift;
    if (byte->front() < 0x80) return value;
  }
  return {};
}

std::optional<base::ByteView> ProtobufReader::take(std::uint64_t size) noexcept {
  if (size > rest_.size()) return {};
  const base::ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

}  // namespace kes::crypto
