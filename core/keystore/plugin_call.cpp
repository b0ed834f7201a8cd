#include "keystore/plugin_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

// The largest pointer into a configuration that is looked at.
constexpr std::size_t kMaxPointer = 1024;

std::uint64_t nanoseconds(base::SteadyTime time) {
  const auto since = std::chrono::nanoseconds(time.time_since_epoch()).count();
  return since < 0 ? 0 : static_cast<std::uint64_t>(since);
}

std::string viewed(const char* data, std::uint64_t size, std::size_t limit) {
  if (data == nullptr) return {};
  return std::string(data, std::min<std::uint64_t>(size, limit));
}

}  // namespace

PluginCall::PluginCall(const Call& call, Cancellable cancellable)
    : kes_call_v0{sizeof(kes_call_v0),
                  KES_ABI_MINOR,
                  nanoseconds(call.deadline),
                  call.requestId,
                  [](const kes_call_v0* self) noexcept -> std::int32_t {
                    const auto& flag = static_cast<const PluginCall*>(self)->cancelled_;
                    return flag && flag->load(std::memory_order_relaxed) ? 1 : 0;
                  },
                  [](const kes_call_v0* self, const kes_error_v0* error) noexcept {
                    if (error == nullptr || error->struct_size < offsetof(kes_error_v0, reserved)) return;
                    try {
                      // The call is the host's own object; plugins merely see it as const.
                      static_cast<PluginCall*>(const_cast<kes_call_v0*>(self))->remember(*error);
                    } catch (...) {
                      return;  // no memory for the text: the code says enough
                    }
                  }},
      cancelled_(cancellable == Cancellable::yes ? call.cancelled : nullptr) {}

void PluginCall::remember(const kes_error_v0& error) {
  // One byte more than fits, so that the cut shows.
  std::string text = viewed(error.text, error.text_size, std::size_t{KES_MAX_TEXT} + 1);
  std::string pointer = viewed(error.config_pointer, error.config_pointer_size, kMaxPointer);
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
  configPointer_ = std::move(pointer);
  retryAfterMs_ = error.retry_after_ms;
}

StoreFailure PluginCall::failure(StoreError error) const {
  const std::lock_guard lock(mutex_);
  return {error, logText(text_), std::chrono::milliseconds(retryAfterMs_)};
}

std::string PluginCall::configPointer() const {
  const std::lock_guard lock(mutex_);
  return configPointer_;
}

PluginBlobSink::PluginBlobSink()
    : kes_blob_sink_v0{sizeof(kes_blob_sink_v0), KES_ABI_MINOR, KES_MAX_BLOB,
                       [](kes_blob_sink_v0* self, std::uint64_t size) noexcept -> void* {
                         try {
                           return static_cast<PluginBlobSink*>(self)->onReserve(size);
                         } catch (...) {
                           return nullptr;
                         }
                       },
                       [](kes_blob_sink_v0* self, std::uint64_t size) noexcept -> std::int32_t {
                         try {
                           return static_cast<PluginBlobSink*>(self)->onCommit(size);
                         } catch (...) {
                           return KES_E_INTERNAL;
                         }
                       }} {}

void* PluginBlobSink::onReserve(std::uint64_t size) {
  if (++reserves_ > 1) {
    misuse_ = "reserved memory for a value twice";
    return nullptr;
  }
  if (size > max_size) {
    oversize_ = size;
    return nullptr;
  }
  memory_ = base::Secret(std::max<std::uint64_t>(size, 1));
  reserved_ = size;
  return memory_.revealMutable().data();
}

std::int32_t PluginBlobSink::onCommit(std::uint64_t size) {
  ++commits_;
  if (commits_ > 1) {
    misuse_ = "committed a value twice";
  } else if (memory_.empty()) {
    misuse_ = "committed a value without memory reserved for it";
  } else if (size > reserved_) {
    misuse_ = fmt::format("committed {} bytes with {} reserved", size, reserved_);
  }
  if (!misuse_.empty()) return KES_E_INVALID;
  committed_ = size;
  return KES_OK;
}

std::string PluginBlobSink::misuse() const {
  if (misuse_.empty() && commits_ == 0) return "returned KES_OK without having committed a value";
  return misuse_;
}

base::Secret PluginBlobSink::take() {
  if (committed_ == 0) return {};
  memory_.truncate(committed_);
  return std::move(memory_);
}

PluginListSink::PluginListSink(std::string_view prefix, const std::function<bool(std::string_view)>& take)
    : kes_list_sink_v0{
          sizeof(kes_list_sink_v0), KES_ABI_MINOR,
          [](kes_list_sink_v0* self, const char* name, std::uint64_t size) noexcept -> std::int32_t {
            auto& sink = *static_cast<PluginListSink*>(self);
            try {
              return sink.onEmit(name == nullptr ? std::string_view() : std::string_view(name, size));
            } catch (...) {
              sink.thrown_ = std::current_exception();
              return KES_E_INTERNAL;
            }
          },
          [](kes_list_sink_v0* self, const void* data, std::uint64_t size) noexcept -> std::int32_t {
            auto& sink = *static_cast<PluginListSink*>(self);
            try {
              return sink.onCursor(data == nullptr ? std::string_view()
                                                   : std::string_view(static_cast<const char*>(data), size));
            } catch (...) {
              sink.thrown_ = std::current_exception();
              return KES_E_INTERNAL;
            }
          }},
      prefix_(prefix),
      take_(take) {}

std::int32_t PluginListSink::onEmit(std::string_view name) {
  if (stopped_ || thrown_ || !misuse_.empty()) return KES_E_INVALID;
  if (!isListableName(name)) {
    misuse_ =
        fmt::format("listed what is not a name ({} bytes): 1 to {} bytes of UTF-8 without control characters",
                    name.size(), KES_MAX_NAME);
    return KES_E_INVALID;
  }
  if (!name.starts_with(prefix_)) return KES_OK;
  stopped_ = !take_(name);
  return stopped_ ? KES_E_CONFLICT : KES_OK;
}

std::int32_t PluginListSink::onCursor(std::string_view cursor) {
  if (cursor.empty() || cursor.size() > KES_MAX_CURSOR) {
    misuse_ = fmt::format("gave a cursor of {} bytes: 1 to {} are allowed", cursor.size(), KES_MAX_CURSOR);
  } else if (!cursor_.empty()) {
    misuse_ = "gave two cursors for one page";
  }
  if (!misuse_.empty()) return KES_E_INVALID;
  cursor_ = cursor;
  return KES_OK;
}

void PluginListSink::rethrow() const {
  if (thrown_) std::rethrow_exception(thrown_);
}

PluginTextSink::PluginTextSink()
    : kes_text_sink_v0{sizeof(kes_text_sink_v0), KES_ABI_MINOR,
                       [](kes_text_sink_v0* self, const char* text, std::uint64_t size) noexcept {
                         if (text == nullptr) return;
                         try {
                           static_cast<PluginTextSink*>(self)->text_ = logText(std::string_view(text, size));
                         } catch (...) {
                           return;  // no memory: the name of the plugin will do
                         }
                       }} {}

}  // namespace kes::keystore
