#include "keystore/plugin_host.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <fmt/format.h>
#include <kes/ext/secret.h>
#include <pthread.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <memory>
#include <shared_mutex>

#include "keystore/plugin_extensions.h"
#include "keystore/plugin_store.h"
#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

using Poco::Dynamic::Var;

constexpr const char* kHostName = "kes/" KES_VERSION;
constexpr std::size_t kMaxThreadName = 15;

struct LogOutlet {
  std::shared_mutex mutex;
  PluginLogSink sink;
};

LogOutlet& logOutlet() {
  static auto& outlet = *new LogOutlet;  // never destroyed: plugins log until the very end
  return outlet;
}

std::string renderFields(const kes_log_record_v0& record) {
  std::string out;
  for (std::uint64_t i = 0; record.fields != nullptr && i < record.field_count && out.size() < KES_MAX_TEXT;
       ++i) {
    const kes_log_field_v0& field = record.fields[i];
    if (field.key == nullptr || (field.value == nullptr && field.value_size > 0)) continue;
    const std::string_view value(field.value, field.value_size);
    const bool plain = !value.empty() && value.find_first_of(" \"=") == std::string_view::npos;
    out += plain ? fmt::format(" {}={}", field.key, value) : fmt::format(" {}=\"{}\"", field.key, value);
  }
  return out;
}

}  // namespace

void setPluginLogSink(PluginLogSink sink) {
  const std::unique_lock lock(logOutlet().mutex);
  logOutlet().sink = std::move(sink);
}

PluginHost::PluginHost(std::string pluginId, PluginConfig config)
    : kes_host_v0{sizeof(kes_host_v0), KES_ABI_MINOR, kHostName,
                  [](const kes_host_v0*, const char* id) noexcept -> const void* {
                    return id == nullptr ? nullptr : extension(id);
                  }},
      pluginId_(std::move(pluginId)),
      config_(std::in_place, std::move(config)) {}

PluginHost::~PluginHost() {
  dropConfig();
}

void PluginHost::log(int level, std::string_view text) const noexcept {
  try {
    const std::string line = logText(text);
    const std::shared_lock lock(logOutlet().mutex);
    if (logOutlet().sink) logOutlet().sink(level, pluginId_, line);
  } catch (...) {
    return;  // a line that finds no memory is lost; the plugin is not to notice
  }
}

void PluginHost::dropConfig() noexcept {
  const std::lock_guard lock(mutex_);
  if (!config_) return;
  for (std::string& text : config_->handedOut) base::wipe(text);
  config_.reset();
}

void PluginHost::checkLeftovers() const noexcept {
  if (const int threads = threads_.load(); threads > 0) {
    log(KES_LOG_ERROR, "the store was closed while threads of the plugin were still attached");
  }
}

std::int32_t PluginHost::findConfig(const char* pointer, Var& value) const {
  if (pointer == nullptr) return KES_E_INVALID;
  if (!config_) return KES_E_UNSUPPORTED;
  auto found = config_->values.find(pointer);
  if (!found) return KES_E_NOT_FOUND;
  value = *found;
  return KES_OK;
}

std::int32_t PluginHost::configString(const char* pointer, const char** text, std::uint64_t* size) {
  const std::lock_guard lock(mutex_);
  Var value;
  if (const std::int32_t code = findConfig(pointer, value); code != KES_OK) return code;
  if (!value.isString()) return KES_E_INVALID;
  const std::string& kept = config_->handedOut.emplace_back(value.extract<std::string>());
  *text = kept.c_str();
  *size = kept.size();
  return KES_OK;
}

std::int32_t PluginHost::configInteger(const char* pointer, std::int64_t* value) const {
  const std::lock_guard lock(mutex_);
  Var found;
  if (const std::int32_t code = findConfig(pointer, found); code != KES_OK) return code;
  // In a configuration file every scalar is text; Poco's own conversion would take " 1", "1.5" and true.
  if (!found.isString() && (!found.isInteger() || found.isBoolean())) return KES_E_INVALID;
  const std::string text = found.toString();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return KES_E_INVALID;
  *value = number;
  return KES_OK;
}

std::int32_t PluginHost::configBoolean(const char* pointer, std::int32_t* value) const {
  const std::lock_guard lock(mutex_);
  Var found;
  if (const std::int32_t code = findConfig(pointer, found); code != KES_OK) return code;
  if (!found.isString() && !found.isBoolean()) return KES_E_INVALID;
  const std::string text = found.toString();
  if (text != "true" && text != "false") return KES_E_INVALID;
  *value = text == "true" ? 1 : 0;
  return KES_OK;
}

std::int32_t PluginHost::configSize(const char* pointer, std::uint64_t* size) const {
  const std::lock_guard lock(mutex_);
  Var found;
  if (const std::int32_t code = findConfig(pointer, found); code != KES_OK) return code;
  if (found.type() == typeid(Poco::JSON::Array::Ptr)) {
    *size = found.extract<Poco::JSON::Array::Ptr>()->size();
    return KES_OK;
  }
  if (found.type() == typeid(Poco::JSON::Object::Ptr)) {
    *size = found.extract<Poco::JSON::Object::Ptr>()->size();
    return KES_OK;
  }
  return KES_E_INVALID;
}

void PluginHost::writeRecord(const kes_log_record_v0& record) const {
  std::string line;
  if (record.text != nullptr)
    line.assign(record.text, std::min<std::uint64_t>(record.text_size, KES_MAX_TEXT));
  line += renderFields(record);
  if (record.request_id != 0) line += fmt::format(" request={}", record.request_id);
  log(std::clamp<int>(record.level, KES_LOG_DEBUG, KES_LOG_ERROR), line);
}

void* PluginHost::allocateSecret(std::uint64_t size) {
  if (size > KES_MAX_SECRET) return nullptr;
  base::Secret secret(std::max<std::uint64_t>(size, 1));
  void* const memory = secret.revealMutable().data();
  const std::lock_guard lock(mutex_);
  secrets_.emplace(memory, std::move(secret));
  return memory;
}

void PluginHost::releaseSecret(const void* memory) noexcept {
  if (memory == nullptr) return;
  std::unique_lock lock(mutex_);
  const auto owned = secrets_.find(memory);
  if (owned != secrets_.end()) {
    secrets_.erase(owned);
    return;
  }
  lock.unlock();
  log(KES_LOG_ERROR, "the plugin released secret memory that is not its own, or twice");
}

std::int32_t PluginHost::attachThread(const char* label) noexcept {
  sigset_t all;
  sigfillset(&all);
  if (label == nullptr || ::pthread_sigmask(SIG_SETMASK, &all, nullptr) != 0) return KES_E_INVALID;
  try {
    const std::string full = fmt::format("{}/{}", pluginId_, label).substr(0, kMaxThreadName);
    ::pthread_setname_np(::pthread_self(), full.c_str());
  } catch (...) {
    return KES_E_INVALID;
  }
  threads_.fetch_add(1);
  return KES_OK;
}

void PluginHost::detachThread() noexcept {
  threads_.fetch_sub(1);
}

const void* PluginHost::extension(std::string_view id) noexcept {
  return hostExtension(id);
}

}  // namespace kes::keystore
