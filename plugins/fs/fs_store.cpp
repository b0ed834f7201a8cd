#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>

#include "files.h"

namespace kes::fs {
namespace {

using plugin::BlobSink;
using plugin::Call;
using plugin::Failure;
using plugin::Host;
using plugin::ListSink;

constexpr std::size_t kPage = 4096;  // names of a listing held in memory at once

struct CloseDirectory {
  void operator()(DIR* entries) const noexcept { ::closedir(entries); }
};
using Entries = std::unique_ptr<DIR, CloseDirectory>;

// A directory with one file per key. Holds nothing but its path, so any number of stores and servers may
// share a directory.
class FsStore {
 public:
  FsStore(const Call&, const Host& host)
      : configured_(host.configString("/path").value_or("")),
        path_(std::filesystem::absolute(configured_).string()) {
    if (const Status made = makeDirectories(path_); !made.ok()) throw atPath(made);
    if (const Status usable = status(); !usable.ok()) throw atPath(usable);
    sweepNowAndThen();
  }

  Status status(const Call&) { return status(); }

  Status create(const Call&, std::string_view name, std::span<const std::uint8_t> blob) {
    if (!isKeyName(name)) return badName();
    const File directory = openDirectory(path_);
    if (!directory.open()) return fileError(errno, "open " + path_);
    const std::string file(name);
    // Those who make sure that a key is there ask again and again: they need not wait for a disk.
    if (exists(directory, file)) return Code::exists;
    if (unnamedWorks_.load(std::memory_order_relaxed)) {
      Status created = createUnnamed(directory, file, blob);
      if (created.code() != Code::unsupported) return created;
      unnamedWorks_.store(false, std::memory_order_relaxed);
    }
    sweepNowAndThen();
    return createHidden(directory, file, blob);
  }

  Status get(const Call&, std::string_view name, BlobSink& sink) {
    if (!isKeyName(name)) return badName();
    // O_NONBLOCK: a FIFO of that name must not hang the call.
    const File file(::open(pathOf(name).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.open()) return errno == ENOENT ? absent() : fileError(errno, "open");
    struct stat found{};
    if (::fstat(file.fd(), &found) != 0) return fileError(errno, "stat");
    if (!S_ISREG(found.st_mode)) return {Code::corrupt, "is not a regular file"};
    if (found.st_size == 0) return {Code::corrupt, "is empty: a server died while it wrote the file"};
    return read(file, static_cast<std::size_t>(found.st_size), sink);
  }

  Status remove(const Call&, std::string_view name) {
    if (!isKeyName(name)) return badName();
    const File directory = openDirectory(path_);
    if (!directory.open()) return fileError(errno, "open " + path_);
    if (::unlinkat(directory.fd(), std::string(name).c_str(), 0) != 0) {
      if (errno == ENOENT) return Code::notFound;
      if (errno == EISDIR) return {Code::corrupt, "is a directory"};
      return fileError(errno, "unlink");
    }
    if (::fsync(directory.fd()) != 0 && errno != EINVAL) return fileError(errno, "fsync of the directory");
    return Code::ok;
  }

  // The cursor is the last name of the page before.
  Status list(const Call& call, std::string_view prefix, std::string_view cursor, ListSink& sink) {
    std::set<std::string> page;
    if (auto filled = fillPage(call, prefix, cursor, page); !filled.ok()) return filled;
    const bool more = page.size() > kPage;
    if (more) page.erase(std::prev(page.end()));
    for (const std::string& name : page) {
      if (!sink.emit(name)) return Code::ok;
    }
    if (more) sink.setCursor(*page.rbegin());
    return Code::ok;
  }

  [[nodiscard]] std::string describe() const { return "Filesystem: " + configured_; }

 private:
  static Failure atPath(const Status& status) {
    return Failure(Status(status.code(), status.text()).at("/path"));
  }
  static Status badName() { return {Code::invalid, "the name cannot be a file name"}; }

  [[nodiscard]] std::string pathOf(std::string_view name) const { return path_ + '/' + std::string(name); }

  [[nodiscard]] Status status() const {
    struct stat found{};
    if (::stat(path_.c_str(), &found) != 0) return fileError(errno, "stat " + path_);
    if (!S_ISDIR(found.st_mode)) return {Code::unavailable, path_ + " is not a directory"};
    return Code::ok;
  }

  // What a server left behind that died a moment ago is too young to go when the next one opens.
  void sweepNowAndThen() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    auto due = nextSweep_.load(std::memory_order_relaxed);
    if (now < due) return;
    const auto next = now + std::chrono::steady_clock::duration(kAbandonedAfter).count();
    if (nextSweep_.compare_exchange_strong(due, next)) removeAbandoned(path_);
  }

  // A file is not there. Without its directory nobody knows whether the key is.
  [[nodiscard]] Status absent() const {
    Status directory = status();
    return directory.ok() ? Status(Code::notFound) : directory;
  }

  static Status read(const File& file, std::size_t size, BlobSink& sink) {
    const auto memory = sink.reserve(size);
    if (!memory) return {Code::corrupt, "is larger than a key can be"};
    std::size_t filled = 0;
    while (filled < size) {
      const ssize_t count = ::read(file.fd(), memory->data() + filled, size - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fileError(errno, "read");
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    return sink.commit(filled);
  }

  // The first names after `cursor`, one more than a page has.
  Status fillPage(const Call& call, std::string_view prefix, std::string_view cursor,
                  std::set<std::string>& page) const {
    const Entries entries(::opendir(path_.c_str()));
    if (!entries) return fileError(errno, "open " + path_);
    for (std::size_t seen = 0;; ++seen) {
      errno = 0;
      const dirent* const entry = ::readdir(entries.get());  // NOLINT(concurrency-mt-unsafe): our own stream
      if (entry == nullptr) return errno == 0 ? Status(Code::ok) : fileError(errno, "read " + path_);
      if (seen % kPage == 0 && (call.cancelled() || call.expired())) return Code::timeout;
      const std::string_view name(entry->d_name);
      if (!isKeyName(name) || !name.starts_with(prefix) || name <= cursor || !isFile(*entry, entries.get()))
        continue;
      page.emplace(name);
      if (page.size() > kPage + 1) page.erase(std::prev(page.end()));
    }
  }

  // Links count as what they lead to: Kubernetes mounts secrets that way.
  static bool isFile(const dirent& entry, DIR* entries) {
    if (entry.d_type == DT_REG) return true;
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return false;
    struct stat found{};
    return ::fstatat(::dirfd(entries), entry.d_name, &found, 0) == 0 && S_ISREG(found.st_mode);
  }

  std::string configured_;
  std::string path_;
  std::atomic<bool> unnamedWorks_{true};
  std::atomic<std::chrono::steady_clock::rep> nextSweep_{0};
};

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "path": {"type": "string", "minLength": 1, "description": "the directory of the keys, made if it is missing"}
  },
  "required": ["path"],
  "additionalProperties": false
})";

}  // namespace
}  // namespace kes::fs

KES_PLUGIN_STORE(kes::fs::FsStore, .id = "fs", .name = "Filesystem", .version = "0.1.0", .vendor = "kes",
                 .licence = "Apache-2.0", .configSchema = kes::fs::kSchema,
                 .capabilities = KES_CAP_ATOMIC_CREATE)
