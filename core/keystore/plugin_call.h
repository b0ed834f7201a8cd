#pragma once

#include <kes/plugin.h>

#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "keystore/blob_store.h"

namespace kes::keystore {

// What the host of a call sees of kes_call_v0.
class PluginCall : public kes_call_v0 {
 public:
  enum class Cancellable : bool { no, yes };

  PluginCall(const Call& call, Cancellable cancellable);

  // What the plugin said about its error, ready for the log.
  [[nodiscard]] StoreFailure failure(StoreError error) const;
  // The part of the configuration it blamed; may be empty.
  [[nodiscard]] std::string configPointer() const;

 private:
  void remember(const kes_error_v0& error);

  std::shared_ptr<const std::atomic<bool>> cancelled_;
  mutable std::mutex mutex_;  // set_error may come from any thread
  std::string text_;
  std::string configPointer_;
  std::uint32_t retryAfterMs_ = 0;
};

// Receives the value of one get.
class PluginBlobSink : public kes_blob_sink_v0 {
 public:
  PluginBlobSink();

  // How the plugin broke the rules, or empty. Says so also if the sink was left without a value.
  [[nodiscard]] std::string misuse() const;
  // The size it asked for when that was too large, otherwise 0.
  [[nodiscard]] std::uint64_t oversize() const noexcept { return oversize_; }
  [[nodiscard]] base::Secret take();

 private:
  [[nodiscard]] void* onReserve(std::uint64_t size);
  [[nodiscard]] std::int32_t onCommit(std::uint64_t size);

  base::Secret memory_;
  std::uint64_t oversize_ = 0;
  std::uint64_t reserved_ = 0;
  std::uint64_t committed_ = 0;
  int reserves_ = 0;
  int commits_ = 0;
  std::string misuse_;
};

// Receives one page of names.
class PluginListSink : public kes_list_sink_v0 {
 public:
  PluginListSink(std::string_view prefix, const std::function<bool(std::string_view)>& take);

  [[nodiscard]] const std::string& misuse() const noexcept { return misuse_; }
  // The caller has enough.
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  [[nodiscard]] const std::string& cursor() const noexcept { return cursor_; }
  // Throws what the caller's function threw inside the plugin.
  void rethrow() const;

 private:
  [[nodiscard]] std::int32_t onEmit(std::string_view name);
  [[nodiscard]] std::int32_t onCursor(std::string_view cursor);

  std::string_view prefix_;
  const std::function<bool(std::string_view)>& take_;
  bool stopped_ = false;
  std::exception_ptr thrown_;
  std::string cursor_;
  std::string misuse_;
};

// Receives one text, escaped for the log.
class PluginTextSink : public kes_text_sink_v0 {
 public:
  PluginTextSink();

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace kes::keystore
