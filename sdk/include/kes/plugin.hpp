// A key store in C++20 on kes/plugin.h: write a class, name it in KES_PLUGIN_STORE, and nothing of C++
// crosses the border. Header only. SPDX-License-Identifier: Apache-2.0
//
//   class MyStore {
//    public:
//     MyStore(const kes::plugin::Call&, kes::plugin::Host);  // opens; throws kes::plugin::Failure if it
//     cannot Status status(const Call&); Status create(const Call&, std::string_view name, std::span<const
//     std::uint8_t> blob); Status get(const Call&, std::string_view name, BlobSink&); Status remove(const
//     Call&, std::string_view name); Status list(const Call&, std::string_view prefix, std::string_view
//     cursor, ListSink&); std::string describe() const;
//   };
//   KES_PLUGIN_STORE(MyStore, .id = "my-store", .name = "My store", ...)
//
// The functions are called as kes/plugin.h says, by default on many threads at once; the destructor closes
// the store. Expected failures are returned; an exception that escapes becomes KES_E_INTERNAL with its what()
// in the log, a Failure becomes what it says, std::bad_alloc KES_E_UNAVAILABLE.
#pragma once

#include <kes/ext/clock.h>
#include <kes/ext/config.h>
#include <kes/ext/log.h>
#include <kes/ext/metrics.h>
#include <kes/ext/random.h>
#include <kes/ext/secret.h>
#include <kes/ext/thread.h>
#include <kes/plugin.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kes::plugin {

// KES_* of the catalogue.
enum class Code : std::int32_t {
  ok = KES_OK,
  exists = KES_E_EXISTS,
  notFound = KES_E_NOT_FOUND,
  denied = KES_E_DENIED,
  invalid = KES_E_INVALID,
  unavailable = KES_E_UNAVAILABLE,
  timeout = KES_E_TIMEOUT,
  throttled = KES_E_THROTTLED,
  conflict = KES_E_CONFLICT,
  unsupported = KES_E_UNSUPPORTED,
  corrupt = KES_E_CORRUPT,
  internal = KES_E_INTERNAL,
  outcomeUnknown = KES_E_OUTCOME_UNKNOWN,
};

// How a call ended. The text is for the server's log and never holds a secret.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code) : code_(code) {}  // NOLINT(google-explicit-constructor): a code is a status
  Status(Code code, std::string text) : code_(code), text_(std::move(text)) {}

  Status&& retryAfter(std::chrono::milliseconds delay) && {
    retryAfter_ = delay;
    return std::move(*this);
  }
  // Blames the part of the configuration at this RFC 6901 pointer.
  Status&& at(std::string configPointer) && {
    configPointer_ = std::move(configPointer);
    return std::move(*this);
  }

  [[nodiscard]] bool ok() const noexcept { return code_ == Code::ok; }
  [[nodiscard]] Code code() const noexcept { return code_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& configPointer() const noexcept { return configPointer_; }
  [[nodiscard]] std::chrono::milliseconds retryAfter() const noexcept { return retryAfter_; }

 private:
  Code code_ = Code::ok;
  std::string text_;
  std::string configPointer_;
  std::chrono::milliseconds retryAfter_{0};
};

// A Status as an exception, for constructors.
class Failure : public std::exception {
 public:
  explicit Failure(Status status) : status_(std::move(status)) {}
  Failure(Code code, std::string text) : status_(code, std::move(text)) {}

  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] const char* what() const noexcept override { return status_.text().c_str(); }

 private:
  Status status_;
};

// One call from the host. A reference to it is good until the function it was passed to returns, on any
// thread.
class Call {
 public:
  explicit Call(const kes_call_v0* call) noexcept : call_(call) {}

  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept {
    return std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(static_cast<std::int64_t>(call_->deadline_ns)));
  }
  [[nodiscard]] bool expired() const noexcept { return std::chrono::steady_clock::now() >= deadline(); }
  [[nodiscard]] bool cancelled() const noexcept { return call_->cancelled(call_) != 0; }
  [[nodiscard]] std::uint64_t requestId() const noexcept { return call_->request_id; }

 private:
  const kes_call_v0* call_;
};

// Takes the value of one get: reserve once, fill, commit once.
class BlobSink {
 public:
  explicit BlobSink(kes_blob_sink_v0* sink) noexcept : sink_(sink) {}

  [[nodiscard]] std::uint64_t maxSize() const noexcept { return sink_->max_size; }
  // Locked memory of the host's to write the value to; empty optional if the host has none or `size` is too
  // large.
  [[nodiscard]] std::optional<std::span<std::uint8_t>> reserve(std::size_t size) noexcept {
    void* const memory = sink_->reserve(sink_, size);
    if (memory == nullptr) return std::nullopt;
    return std::span(static_cast<std::uint8_t*>(memory), size);
  }
  Status commit(std::size_t size) noexcept { return static_cast<Code>(sink_->commit(sink_, size)); }
  // All three steps at once.
  Status write(std::span<const std::uint8_t> blob) {
    const auto memory = reserve(blob.size());
    if (!memory) return {Code::corrupt, "the value does not fit into the host's memory"};
    if (!blob.empty()) std::memcpy(memory->data(), blob.data(), blob.size());
    return commit(blob.size());
  }

 private:
  kes_blob_sink_v0* sink_;
};

// Takes one page of names.
class ListSink {
 public:
  explicit ListSink(kes_list_sink_v0* sink) noexcept : sink_(sink) {}

  // False: return Code::ok soon.
  [[nodiscard]] bool emit(std::string_view name) noexcept {
    return sink_->emit(sink_, name.data(), name.size()) == 0;
  }
  // There is more, from here on.
  void setCursor(std::string_view cursor) noexcept { sink_->set_cursor(sink_, cursor.data(), cursor.size()); }

 private:
  kes_list_sink_v0* sink_;
};

enum class LogLevel : std::int32_t {
  debug = KES_LOG_DEBUG,
  info = KES_LOG_INFO,
  warn = KES_LOG_WARN,
  error = KES_LOG_ERROR,
};

using LogField = std::pair<const char*, std::string_view>;

// A number of this plugin; does nothing where the host has no metrics.
class Metric {
 public:
  Metric() = default;
  Metric(const kes_ext_metrics_v0* metrics, kes_metric_v0* metric) noexcept
      : metrics_(metrics), metric_(metric) {}
  void add(std::int64_t delta) const noexcept {
    if (metric_ != nullptr) metrics_->add(metric_, delta);
  }
  void set(std::int64_t value) const noexcept {
    if (metric_ != nullptr) metrics_->set(metric_, value);
  }

 private:
  const kes_ext_metrics_v0* metrics_ = nullptr;
  kes_metric_v0* metric_ = nullptr;
};

// The host as one open store sees it; a copyable view that is good until the store is closed. Each service
// degrades as its comment says where the host lacks it.
class Host {
 public:
  Host(const kes_host_v0* host, std::string_view config) noexcept
      : host_(host),
        config_(config),
        log_(extension<kes_ext_log_v0>(KES_EXT_LOG)),
        secret_(extension<kes_ext_secret_v0>(KES_EXT_SECRET)),
        random_(extension<kes_ext_random_v0>(KES_EXT_RANDOM)) {}

  template <typename Extension>
  [[nodiscard]] const Extension* extension(const char* id) const noexcept {
    return static_cast<const Extension*>(host_->get_extension(host_, id));
  }
  [[nodiscard]] const kes_host_v0* raw() const noexcept { return host_; }
  // "kes/1.0.0"
  [[nodiscard]] std::string_view name() const noexcept { return host_->name; }

  // The configuration as JSON and its values by RFC 6901 pointer: in the store's constructor only, and gone
  // when it returns. A value of another type throws a Failure, as does a host without "kes.config.1"; nothing
  // at the pointer, or null, is an empty optional.
  [[nodiscard]] std::string_view config() const noexcept { return config_; }
  [[nodiscard]] std::optional<std::string_view> configString(const char* pointer) const {
    const char* text = nullptr;
    std::uint64_t size = 0;
    if (!found(pointer, configValues()->get_string(host_, pointer, &text, &size))) return std::nullopt;
    return std::string_view(text, size);
  }
  [[nodiscard]] std::optional<std::int64_t> configInteger(const char* pointer) const {
    std::int64_t value = 0;
    if (!found(pointer, configValues()->get_integer(host_, pointer, &value))) return std::nullopt;
    return value;
  }
  [[nodiscard]] std::optional<bool> configBoolean(const char* pointer) const {
    std::int32_t value = 0;
    if (!found(pointer, configValues()->get_boolean(host_, pointer, &value))) return std::nullopt;
    return value != 0;
  }
  [[nodiscard]] std::optional<std::size_t> configSize(const char* pointer) const {
    std::uint64_t size = 0;
    if (!found(pointer, configValues()->get_size(host_, pointer, &size))) return std::nullopt;
    return size;
  }

  // A line of the server's log; dropped where the host has none.
  void log(LogLevel level, std::string_view text, std::initializer_list<LogField> fields = {},
           std::uint64_t requestId = 0) const noexcept {
    if (log_ == nullptr) return;
    constexpr std::size_t kMost = 16;
    kes_log_field_v0 raw[kMost] = {};
    std::size_t count = 0;
    for (const auto& [key, value] : fields) {
      if (count == kMost) break;
      raw[count++] = {key, value.data(), value.size()};
    }
    const kes_log_record_v0 record{sizeof(kes_log_record_v0),
                                   KES_ABI_MINOR,
                                   text.data(),
                                   text.size(),
                                   raw,
                                   count,
                                   requestId,
                                   static_cast<std::int32_t>(level),
                                   0};
    log_->write(host_, &record);
  }

  [[nodiscard]] Metric counter(const char* name, const char* help) const noexcept {
    return metric(KES_METRIC_COUNTER, name, help);
  }
  [[nodiscard]] Metric gauge(const char* name, const char* help) const noexcept {
    return metric(KES_METRIC_GAUGE, name, help);
  }

  // Bytes fit for keys. Throws a Failure when the host cannot give any.
  void fillRandom(std::span<std::uint8_t> out) const {
    if (random_ == nullptr || random_->fill(host_, out.data(), out.size()) != KES_OK) {
      throw Failure(Code::unavailable, "the host has no random bytes");
    }
  }

  [[nodiscard]] const kes_ext_secret_v0* secretMemory() const noexcept { return secret_; }

 private:
  [[nodiscard]] const kes_ext_config_v0* configValues() const {
    const auto* const values = extension<kes_ext_config_v0>(KES_EXT_CONFIG);
    if (values == nullptr) throw Failure(Code::unsupported, "the host has no extension " KES_EXT_CONFIG);
    return values;
  }

  static bool found(const char* pointer, std::int32_t code) {
    if (code == KES_OK) return true;
    if (code == KES_E_NOT_FOUND) return false;
    throw Failure(Status(static_cast<Code>(code), "is of the wrong type").at(pointer));
  }

  [[nodiscard]] Metric metric(std::int32_t kind, const char* name, const char* help) const noexcept {
    const auto* const metrics = extension<kes_ext_metrics_v0>(KES_EXT_METRICS);
    return metrics == nullptr ? Metric() : Metric(metrics, metrics->find(host_, kind, name, help));
  }

  const kes_host_v0* host_;
  std::string_view config_;
  const kes_ext_log_v0* log_;
  const kes_ext_secret_v0* secret_;
  const kes_ext_random_v0* random_;
};

// Secret bytes in the host's locked memory, wiped when they die; on the plugin's own heap, wiped all the
// same, where the host has no such memory. Must not outlive the store.
class SecretBytes {
 public:
  SecretBytes() = default;
  // A copy of `bytes`. Throws std::bad_alloc.
  SecretBytes(const Host& host, std::span<const std::uint8_t> bytes)
      : host_(host.raw()), memory_(host.secretMemory()), size_(bytes.size()) {
    if (size_ == 0) return;
    data_ =
        static_cast<std::uint8_t*>(memory_ != nullptr ? memory_->allocate(host_, size_) : std::malloc(size_));
    if (data_ == nullptr) throw std::bad_alloc();
    std::memcpy(data_, bytes.data(), size_);
  }
  SecretBytes(SecretBytes&& other) noexcept
      : host_(other.host_),
        memory_(other.memory_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() {
    if (data_ == nullptr) return;
    if (memory_ != nullptr) {
      memory_->release(host_, data_);
      return;
    }
    for (volatile std::uint8_t* byte = data_; byte != data_ + size_; ++byte) *byte = 0;
    std::free(data_);
  }

  [[nodiscard]] std::span<const std::uint8_t> reveal() const noexcept { return {data_, size_}; }

 private:
  const kes_host_v0* host_ = nullptr;
  const kes_ext_secret_v0* memory_ = nullptr;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// Stands at the top of a thread the plugin started (kes/ext/thread.h).
class AttachedThread {
 public:
  AttachedThread(const Host& host, const char* name) noexcept
      : host_(host.raw()), threads_(host.extension<kes_ext_thread_v0>(KES_EXT_THREAD)) {
    if (threads_ != nullptr && threads_->attach(host_, name) != KES_OK) threads_ = nullptr;
  }
  AttachedThread(const AttachedThread&) = delete;
  AttachedThread& operator=(const AttachedThread&) = delete;
  ~AttachedThread() {
    if (threads_ != nullptr) threads_->detach(host_);
  }

 private:
  const kes_host_v0* host_;
  const kes_ext_thread_v0* threads_;
};

// What KES_PLUGIN_STORE is told; see kes_plugin_v0.
struct Description {
  const char* id;
  const char* name;
  const char* version;
  const char* vendor;
  const char* licence;
  const char* url = "";
  const char* build = "";
  const char* configSchema;
  std::uint64_t capabilities = 0;
};

namespace detail {

inline void report(const kes_call_v0* call, const Status& status) noexcept {
  constexpr std::int64_t kLongest = UINT32_MAX;
  const std::int64_t delay = std::clamp<std::int64_t>(status.retryAfter().count(), 0, kLongest);
  const std::string& pointer = status.configPointer();
  const kes_error_v0 error{sizeof(kes_error_v0),
                           KES_ABI_MINOR,
                           status.text().data(),
                           status.text().size(),
                           pointer.empty() ? nullptr : pointer.data(),
                           pointer.size(),
                           static_cast<std::uint32_t>(delay),
                           0};
  call->set_error(call, &error);
}

inline void report(const kes_call_v0* call, const char* text) noexcept {
  const kes_error_v0 error{sizeof(kes_error_v0), KES_ABI_MINOR, text, std::strlen(text), nullptr, 0, 0, 0};
  call->set_error(call, &error);
}

// The edge: runs `body`, which returns a Status, and lets nothing but a code through.
template <typename Body>
std::int32_t guard(const kes_call_v0* call, Body&& body) noexcept {
  try {
    const Status status = body();
    if (!status.ok()) report(call, status);
    return static_cast<std::int32_t>(status.code());
  } catch (const Failure& failure) {
    report(call, failure.status());
    return failure.status().ok() ? KES_E_INTERNAL : static_cast<std::int32_t>(failure.status().code());
  } catch (const std::bad_alloc&) {
    report(call, "out of memory");
    return KES_E_UNAVAILABLE;
  } catch (const std::exception& exception) {
    report(call, exception.what());
    return KES_E_INTERNAL;
  } catch (...) {
    report(call, "an exception of unknown type");
    return KES_E_INTERNAL;
  }
}

template <typename Store>
struct Functions {
  static Store& of(kes_store_v0* store) noexcept { return *reinterpret_cast<Store*>(store); }

  static std::int32_t open(const kes_call_v0* call, const kes_open_args_v0* args) noexcept {
    return guard(call, [&]() -> Status {
      const Host host(args->host, std::string_view(args->config, args->config_size));
      *args->store = reinterpret_cast<kes_store_v0*>(std::make_unique<Store>(Call(call), host).release());
      return Code::ok;
    });
  }
  static std::int32_t close(kes_store_v0* store, const kes_call_v0*, const kes_close_args_v0*) noexcept {
    delete &of(store);
    return KES_OK;
  }
  static std::int32_t status(kes_store_v0* store, const kes_call_v0* call,
                             const kes_status_args_v0*) noexcept {
    return guard(call, [&] { return of(store).status(Call(call)); });
  }
  static std::int32_t create(kes_store_v0* store, const kes_call_v0* call,
                             const kes_create_args_v0* args) noexcept {
    return guard(call, [&] {
      return of(store).create(Call(call), std::string_view(args->name, args->name_size),
                              std::span(static_cast<const std::uint8_t*>(args->blob), args->blob_size));
    });
  }
  static std::int32_t get(kes_store_v0* store, const kes_call_v0* call,
                          const kes_get_args_v0* args) noexcept {
    return guard(call, [&]() -> Status {
      if (args->version != 0) return {Code::unsupported, "the store has no versions"};
      BlobSink sink(args->sink);
      return of(store).get(Call(call), std::string_view(args->name, args->name_size), sink);
    });
  }
  static std::int32_t remove(kes_store_v0* store, const kes_call_v0* call,
                             const kes_remove_args_v0* args) noexcept {
    return guard(call,
                 [&] { return of(store).remove(Call(call), std::string_view(args->name, args->name_size)); });
  }
  static std::int32_t list(kes_store_v0* store, const kes_call_v0* call,
                           const kes_list_args_v0* args) noexcept {
    return guard(call, [&] {
      ListSink sink(args->sink);
      return of(store).list(Call(call), std::string_view(args->prefix, args->prefix_size),
                            std::string_view(static_cast<const char*>(args->cursor), args->cursor_size),
                            sink);
    });
  }
  static std::int32_t describe(kes_store_v0* store, const kes_call_v0* call,
                               const kes_describe_args_v0* args) noexcept {
    return guard(call, [&]() -> Status {
      const std::string text = of(store).describe();
      args->sink->write(args->sink, text.data(), text.size());
      return Code::ok;
    });
  }

  static constexpr kes_store_functions_v0 kTable{sizeof(kes_store_functions_v0),
                                                 KES_ABI_MINOR,
                                                 open,
                                                 close,
                                                 status,
                                                 create,
                                                 get,
                                                 remove,
                                                 list,
                                                 describe};
};

template <typename Store>
constexpr kes_plugin_v0 pluginOf(const Description& description) noexcept {
  return {sizeof(kes_plugin_v0),
          KES_ABI_MINOR,
          KES_PLUGIN_MAGIC,
          description.capabilities,
          description.id,
          description.name,
          description.version,
          description.vendor,
          description.licence,
          description.url,
          description.build,
          description.configSchema,
          &Functions<Store>::kTable,
          0,
          0,
          nullptr};
}

}  // namespace detail

}  // namespace kes::plugin

// Makes `Store` the store of this plugin; the rest are initializers of a kes::plugin::Description. Once per
// plugin, at namespace scope outside any namespace.
#define KES_PLUGIN_STORE(Store, ...)                                                 \
  extern "C" KES_EXPORT const kes_plugin_v0* kes_plugin_entry_v0(void) noexcept {    \
    static constexpr kes_plugin_v0 kPlugin =                                         \
        kes::plugin::detail::pluginOf<Store>(kes::plugin::Description{__VA_ARGS__}); \
    return &kPlugin;                                                                 \
  }
