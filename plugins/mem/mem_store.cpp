#include <kes/plugin.hpp>

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace {

using kes::plugin::BlobSink;
using kes::plugin::Call;
using kes::plugin::Code;
using kes::plugin::Host;
using kes::plugin::ListSink;
using kes::plugin::SecretBytes;
using kes::plugin::Status;

constexpr std::size_t kPage = 1000;

// Keys that live as long as the open store. Ordered, so that a page of a listing is a range.
class MemStore {
 public:
  MemStore(const Call&, const Host& host) : host_(host) {}

  Status status(const Call&) { return Code::ok; }

  Status create(const Call&, std::string_view name, std::span<const std::uint8_t> blob) {
    SecretBytes copy(host_, blob);
    const std::unique_lock lock(mutex_);
    return blobs_.try_emplace(std::string(name), std::move(copy)).second ? Code::ok : Code::exists;
  }

  Status get(const Call&, std::string_view name, BlobSink& sink) {
    const std::shared_lock lock(mutex_);
    const auto entry = blobs_.find(name);
    if (entry == blobs_.end()) return Code::notFound;
    return sink.write(entry->second.reveal());
  }

  Status remove(const Call&, std::string_view name) {
    const std::unique_lock lock(mutex_);
    const auto entry = blobs_.find(name);
    if (entry == blobs_.end()) return Code::notFound;
    blobs_.erase(entry);
    return Code::ok;
  }

  // The cursor is the last name of the page before.
  Status list(const Call&, std::string_view prefix, std::string_view cursor, ListSink& sink) {
    const std::shared_lock lock(mutex_);
    auto entry = cursor.empty() ? blobs_.lower_bound(prefix) : blobs_.upper_bound(cursor);
    std::string_view last;
    for (std::size_t count = 0; entry != blobs_.end() && entry->first.starts_with(prefix); ++entry, ++count) {
      if (count == kPage) {
        sink.setCursor(last);
        break;
      }
      last = entry->first;
      if (!sink.emit(last)) break;
    }
    return Code::ok;
  }

  [[nodiscard]] std::string describe() const { return "In Memory"; }

 private:
  Host host_;
  std::shared_mutex mutex_;
  std::map<std::string, SecretBytes, std::less<>> blobs_;
};

}  // namespace

KES_PLUGIN_STORE(MemStore, .id = "mem", .name = "In Memory", .version = "0.1.0", .vendor = "kes",
                 .licence = "Apache-2.0",
                 .configSchema = R"({"type": "object", "properties": {}, "additionalProperties": false})",
                 .capabilities = KES_CAP_NONBLOCKING | KES_CAP_ATOMIC_CREATE)
