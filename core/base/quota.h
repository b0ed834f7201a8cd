#pragma once

#include <cstddef>
#include <string>

#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace kes::base {

// How many of a thing each of many names holds, such as the connections of one address. A name that holds
// nothing takes no memory. Thread-safe, by a lock: for things that are taken and given back seldom.
class Quota {
 public:
  // One of them, given back when it goes. The quota must outlive it.
  class Hold {
   public:
    Hold() = default;  // holds nothing
    Hold(Hold&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)), name_(std::move(other.name_)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(quota_, other.quota_);
      std::swap(name_, other.name_);
      return *this;
    }
    ~Hold() { release(); }

    void release() noexcept {
      if (quota_ != nullptr) std::exchange(quota_, nullptr)->give(name_);
    }

   private:
    friend class Quota;
    Hold(Quota& quota, std::string_view name) : quota_(&quota), name_(name) {}

    Quota* quota_ = nullptr;
    std::string name_;
  };

  // One more for `name`, or nothing where it holds `most` already. With `most` = 0 there is no limit, and
  // nothing is counted.
  [[nodiscard]] std::optional<Hold> take(std::string_view name, std::size_t most) {
    if (most == 0) return Hold();
    Hold hold(*this, name);
    const std::lock_guard lock(mutex_);
    std::size_t& held = held_[hold.name_];
    if (held >= most) {
      hold.quota_ = nullptr;
      return std::nullopt;
    }
    ++held;
    return hold;
  }

  // How many names hold anything.
  [[nodiscard]] std::size_t names() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  void give(const std::string& name) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find(name);
    if (--found->second == 0) held_.erase(found);
  }

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> held_;
};

}  // namespace kes::base
