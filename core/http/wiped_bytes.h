#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/secret.h"

namespace kes::http {

// A growing buffer for plaintext on its way in or out: bodies may hold keys, so whatever memory it lets go of
// has been overwritten.
class WipedBytes {
 public:
  WipedBytes() noexcept = default;
  WipedBytes(WipedBytes&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  WipedBytes& operator=(WipedBytes&&) = delete;
  ~WipedBytes() { wipe(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] base::ByteView view() const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] base::ByteSpan span() noexcept { return {data_.get(), size_}; }

  void reserve(std::size_t capacity) {
    if (capacity > capacity_) moveTo(capacity);
  }

  void append(base::ByteView bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > capacity_ - size_) moveTo(std::max(2 * capacity_, size_ + bytes.size()));
    std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void append(std::string_view text) { append(base::bytesOf(text)); }

  // Drops the first `size` bytes.
  void dropFront(std::size_t size) noexcept {
    if (size == 0) return;  // there may be no memory yet
    std::memmove(data_.get(), data_.get() + size, size_ - size);
    base::wipe(data_.get() + size_ - size, size);
    size_ -= size;
  }

  // Drops everything, and the memory too where it is larger than `keep`.
  void clear(std::size_t keep) noexcept {
    wipe();
    size_ = 0;
    if (capacity_ <= keep) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  void wipe() noexcept {
    if (size_ > 0) base::wipe(data_.get(), size_);
  }

  void moveTo(std::size_t capacity) {
    std::unique_ptr<std::uint8_t[]> larger(new std::uint8_t[capacity]);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    wipe();
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace kes::http
