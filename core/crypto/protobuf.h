#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace kes::crypto {

// As much of the Protocol Buffers wire format (https://protobuf.dev/programming-guides/encoding/) as a stored
// key needs: varints and length-delimited fields. Nothing is allocated, so that no secret is copied.

class ProtobufWriter {
 public:
  // Starts at the front of `out`, which must be large enough for everything written.
  explicit ProtobufWriter(base::ByteSpan out) noexcept : out_(out) {}

  // Nothing is written for zero, the default of proto3.
  void writeVarint(std::uint32_t field, std::uint64_t value) noexcept;
  void writeBytes(std::uint32_t field, base::ByteView value) noexcept;
  // The head of a message whose `size` bytes are written next.
  void beginMessage(std::uint32_t field, std::size_t size) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return at_; }

  // What the calls above take up, for fields below 16.
  [[nodiscard]] static std::size_t varintSize(std::uint64_t value) noexcept;
  [[nodiscard]] static std::size_t bytesSize(std::size_t size) noexcept;

 private:
  void put(std::uint64_t varint) noexcept;

  base::ByteSpan out_;
  std::size_t at_ = 0;
};

class ProtobufReader {
 public:
  // A field and its value: `varint` for wire type 0, `bytes` for wire type 2. Fields of fixed size come
  // without a value; the groups of proto2 are malformed here.
  struct Field {
    std::uint32_t number = 0;
    std::optional<std::uint64_t> varint;
    std::optional<base::ByteView> bytes;
  };

  explicit ProtobufReader(base::ByteView message) noexcept : rest_(message) {}

  // The next field; nothing at the end and from the first malformed one on.
  [[nodiscard]] std::optional<Field> next() noexcept;
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  [[nodiscard]] std::optional<std::uint64_t> takeVarint() noexcept;
  [[nodiscard]] std::optional<base::ByteView> take(std::uint64_t size) noexcept;
  [[nodiscard]] bool takeValue(std::uint64_t wireType, Field& field) noexcept;

  base::ByteView rest_;
  bool malformed_ = false;
};

}  // namespace kes::crypto
