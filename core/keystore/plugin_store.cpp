#include "keystore/plugin_store.h"

#include <fmt/format.h>
#include <kes/plugin.h>

#include <array>
#include <initializer_list>
#include <optional>
#include <unordered_set>

#include "keystore/plugin_call.h"
#include "keystore/plugin_config.h"
#include "keystore/plugin_host.h"
#include "keystore/plugin_library.h"
#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

constexpr auto kOpenTime = std::chrono::seconds(30);
constexpr auto kCloseTime = std::chrono::seconds(10);

struct CodeName {
  std::int32_t code;
  std::string_view name;
  StoreError error;
};

// Every code a plugin may return from one function or another.
constexpr std::array kCodes = {
    CodeName{KES_E_EXISTS, "KES_E_EXISTS", StoreError::exists},
    CodeName{KES_E_NOT_FOUND, "KES_E_NOT_FOUND", StoreError::notFound},
    CodeName{KES_E_DENIED, "KES_E_DENIED", StoreError::denied},
    CodeName{KES_E_INVALID, "KES_E_INVALID", StoreError::invalid},
    CodeName{KES_E_UNAVAILABLE, "KES_E_UNAVAILABLE", StoreError::unavailable},
    CodeName{KES_E_TIMEOUT, "KES_E_TIMEOUT", StoreError::timeout},
    CodeName{KES_E_THROTTLED, "KES_E_THROTTLED", StoreError::throttled},
    CodeName{KES_E_CONFLICT, "KES_E_CONFLICT", StoreError::conflict},
    CodeName{KES_E_UNSUPPORTED, "KES_E_UNSUPPORTED", StoreError::unsupported},
    CodeName{KES_E_CORRUPT, "KES_E_CORRUPT", StoreError::corrupt},
    CodeName{KES_E_INTERNAL, "KES_E_INTERNAL", StoreError::internal},
    CodeName{KES_E_OUTCOME_UNKNOWN, "KES_E_OUTCOME_UNKNOWN", StoreError::outcomeUnknown},
};

// Codes that mean something from some functions only.
constexpr bool isSpecial(std::int32_t code) {
  return code == KES_E_EXISTS || code == KES_E_NOT_FOUND || code == KES_E_OUTCOME_UNKNOWN;
}

std::string said(const CodeName& code, std::string text) {
  return text.empty() ? std::string(code.name) : fmt::format("{} ({})", text, code.name);
}

// What a code means that came from `function`, where of the special codes only `allowed` make sense.
StoreFailure failureOf(std::int32_t code, const PluginCall& call, std::string_view function,
                       std::initializer_list<std::int32_t> allowed) {
  StoreFailure failure = call.failure(StoreError::internal);
  const auto known = std::ranges::find(kCodes, code, &CodeName::code);
  if (known == kCodes.end()) {
    failure.text = fmt::format("{} returned the unknown code {}: {}", function, code, failure.text);
    return failure;
  }
  if (isSpecial(code) && std::ranges::find(allowed, code) == allowed.end()) {
    failure.text =
        fmt::format("{} returned {}, which means nothing there: {}", function, known->name, failure.text);
    return failure;
  }
  failure.error = known->error;
  failure.text = said(*known, std::move(failure.text));
  return failure;
}

std::unexpected<StoreFailure> broke(std::string_view pluginId, std::string_view how) {
  return std::unexpected(
      StoreFailure{StoreError::internal, fmt::format("plugin {} broke its contract: it {}", pluginId, how)});
}

// A store behind the plugin interface.
class PluginStore final : public BlobStore {
 public:
  PluginStore(const kes_plugin_v0& plugin, std::unique_ptr<PluginHost> host, kes_store_v0* store)
      : functions_(*plugin.store),
        capabilities_(plugin.capabilities),
        host_(std::move(host)),
        store_(store),
        description_(describe(plugin)) {}

  ~PluginStore() override { PluginStore::close(); }

  [[nodiscard]] bool serial() const noexcept override { return (capabilities_ & KES_CAP_SERIAL) != 0; }
  [[nodiscard]] bool atomicCreate() const noexcept override {
    return (capabilities_ & KES_CAP_ATOMIC_CREATE) != 0;
  }
  [[nodiscard]] std::string description() const override { return description_; }

  StoreResult<void> create(std::string_view name, base::ByteView blob, const Call& call) override {
    if (blob.empty() || blob.size() > KES_MAX_BLOB) {
      return std::unexpected(
          StoreFailure{StoreError::invalid, fmt::format("a value of {} bytes", blob.size())});
    }
    const PluginCall inside(call, PluginCall::Cancellable::no);
    const kes_create_args_v0 args{sizeof args, KES_ABI_MINOR, name.data(),
                                  name.size(), blob.data(),   blob.size()};
    const std::int32_t code = functions_.create(store_, &inside, &args);
    if (code == KES_OK) return {};
    return std::unexpected(failureOf(code, inside, "create", {KES_E_EXISTS, KES_E_OUTCOME_UNKNOWN}));
  }

  StoreResult<base::Secret> get(std::string_view name, const Call& call) override {
    const PluginCall inside(call, PluginCall::Cancellable::yes);
    PluginBlobSink sink;
    const kes_get_args_v0 args{sizeof args, KES_ABI_MINOR, name.data(), name.size(), 0, &sink};
    const std::int32_t code = functions_.get(store_, &inside, &args);
    if (sink.oversize() != 0) {
      return std::unexpected(StoreFailure{StoreError::corrupt,
                                          fmt::format("the stored value has {} bytes, at most {} are allowed",
                                                      sink.oversize(), KES_MAX_BLOB)});
    }
    if (code != KES_OK) return std::unexpected(failureOf(code, inside, "get", {KES_E_NOT_FOUND}));
    if (const std::string misuse = sink.misuse(); !misuse.empty()) return broke(host_->pluginId(), misuse);
    return sink.take();
  }

  StoreResult<void> remove(std::string_view name, const Call& call) override {
    const PluginCall inside(call, PluginCall::Cancellable::no);
    const kes_remove_args_v0 args{sizeof args, KES_ABI_MINOR, name.data(), name.size()};
    const std::int32_t code = functions_.remove(store_, &inside, &args);
    if (code == KES_OK) return {};
    return std::unexpected(failureOf(code, inside, "remove", {KES_E_NOT_FOUND, KES_E_OUTCOME_UNKNOWN}));
  }

  StoreResult<void> list(std::string_view prefix, const Call& call,
                         const std::function<bool(std::string_view)>& emit) override {
    std::unordered_set<std::string> seen;
    for (std::string cursor;;) {
      auto next = listPage(prefix, cursor, call, emit);
      if (!next) return std::unexpected(std::move(next.error()));
      if (next->empty()) return {};
      if (!seen.insert(*next).second) {
        return broke(host_->pluginId(), "gave a cursor for the second time in one listing");
      }
      if (base::SteadyClock::now() >= call.deadline) {
        return std::unexpected(StoreFailure{StoreError::timeout, "the listing did not end in time"});
      }
      cursor = std::move(*next);
    }
  }

  StoreResult<std::chrono::nanoseconds> status(const Call& call) override {
    const PluginCall inside(call, PluginCall::Cancellable::yes);
    const kes_status_args_v0 args{sizeof args, KES_ABI_MINOR};
    const auto start = base::SteadyClock::now();
    const std::int32_t code = functions_.status(store_, &inside, &args);
    if (code == KES_OK) return std::chrono::nanoseconds(base::SteadyClock::now() - start);
    return std::unexpected(failureOf(code, inside, "status", {}));
  }

  void close() override {
    if (store_ == nullptr) return;
    const PluginCall inside({base::SteadyClock::now() + kCloseTime, 0, nullptr}, PluginCall::Cancellable::no);
    const kes_close_args_v0 args{sizeof args, KES_ABI_MINOR};
    const std::int32_t code = functions_.close(store_, &inside, &args);
    store_ = nullptr;
    if (code != KES_OK) host_->log(KES_LOG_WARN, "close: " + failureOf(code, inside, "close", {}).text);
    host_->checkLeftovers();
  }

 private:
  // The cursor of the next page; empty at the end of the listing.
  StoreResult<std::string> listPage(std::string_view prefix, std::string_view cursor, const Call& call,
                                    const std::function<bool(std::string_view)>& emit) {
    const PluginCall inside(call, PluginCall::Cancellable::yes);
    PluginListSink sink(prefix, emit);
    const kes_list_args_v0 args{sizeof args,   KES_ABI_MINOR, prefix.data(), prefix.size(),
                                cursor.data(), cursor.size(), &sink};
    const std::int32_t code = functions_.list(store_, &inside, &args);
    sink.rethrow();
    if (!sink.misuse().empty()) return broke(host_->pluginId(), sink.misuse());
    if (code != KES_OK) return std::unexpected(failureOf(code, inside, "list", {}));
    return sink.stopped() ? std::string() : sink.cursor();
  }

  [[nodiscard]] std::string describe(const kes_plugin_v0& plugin) const {
    PluginTextSink sink;
    if (KES_HAS_MEMBER(&functions_, kes_store_functions_v0, describe) && functions_.describe != nullptr) {
      const PluginCall inside({base::SteadyClock::now() + kOpenTime, 0, nullptr},
                              PluginCall::Cancellable::no);
      const kes_describe_args_v0 args{sizeof args, KES_ABI_MINOR, &sink};
      if (functions_.describe(store_, &inside, &args) == KES_OK && !sink.text().empty()) return sink.text();
    }
    return logText(plugin.name);
  }

  const kes_store_functions_v0& functions_;
  std::uint64_t capabilities_;
  std::unique_ptr<PluginHost> host_;
  kes_store_v0* store_;
  std::string description_;
};

}  // namespace

base::Outcome<std::unique_ptr<BlobStore>> openPluginStore(const StoreSettings& settings) {
  const auto plugin = loadPlugin(settings.id, settings.pluginDirs, settings.sha256);
  if (!plugin) return std::unexpected(plugin.error());
  auto config = PluginConfig::parse(settings, (*plugin)->config_schema);
  if (!config) return std::unexpected(config.error());

  auto host = std::make_unique<PluginHost>(settings.id, std::move(*config));
  const PluginCall call({base::SteadyClock::now() + kOpenTime, 0, nullptr}, PluginCall::Cancellable::no);
  kes_store_v0* store = nullptr;
  const std::string& text = host->config().text();
  const kes_open_args_v0 args{sizeof args, KES_ABI_MINOR, host.get(), text.data(), text.size(), &store};
  const std::int32_t code = (*plugin)->store->open(&call, &args);
  host->dropConfig();
  if (code != KES_OK) {
    const StoreFailure failure = failureOf(code, call, "open", {});
    return base::fail(configProblem(settings, call.configPointer(), "cannot be opened: " + failure.text));
  }
  if (store == nullptr) {
    return base::fail(fmt::format("key store {}: its plugin reported success without a store", settings.id));
  }
  return std::make_unique<PluginStore>(**plugin, std::move(host), store);
}

}  // namespace kes::keystore
