#include "server/run.h"

#include <Poco/Util/ServerApplication.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <string_view>

#include "server/banner.h"
#include "server/process.h"
#include "server/service.h"
#include "server/settings.h"

namespace kes::server {
namespace {

// How often the files of `tls:` are looked at.
constexpr std::chrono::seconds kFileInterval{2};

void print(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void printError(std::string_view text) {
  print(STDERR_FILENO, fmt::format("Error: {}\n", text));
}

void printWarnings(const Settings& settings) {
  for (const auto* warnings : {&settings.config.warnings, &settings.warnings}) {
    for (const std::string& warning : *warnings) print(STDERR_FILENO, fmt::format("WARNING: {}\n", warning));
  }
}

// A server and what it runs on, kept up to date.
class Reloading {
 public:
  Reloading(const RunOptions& options, Service& service, Settings settings)
      : options_(options), service_(service), settings_(std::move(settings)) {}

  void onHangup();
  void lookAtFiles();

 private:
  const RunOptions& options_;
  Service& service_;
  Settings settings_;
};

void Reloading::onHangup() {
  print(STDERR_FILENO, "SIGHUP signal received. Reloading configuration...\n");
  auto settings = loadSettings(options_);
  if (!settings) {
    return print(STDERR_FILENO,
                 fmt::format("Failed to reload server config: {}\n", settings.error().message));
  }
  printWarnings(*settings);
  if (auto reloaded = service_.reload(options_, *settings); !reloaded) {
    return print(STDERR_FILENO,
                 fmt::format("Failed to update server configuration: {}\n", reloaded.error().message));
  }
  settings_ = std::move(*settings);
  print(STDOUT_FILENO, "=> Reloading configuration after SIGHUP signal completed.\n");
}

void Reloading::lookAtFiles() {
  if (!settings_.tls.files.changed()) return;
  auto material = readTlsMaterial(settings_.config.tls);
  if (!material) {
    return print(STDERR_FILENO,
                 fmt::format("Failed to reload TLS configuration: {}\n", material.error().message));
  }
  std::swap(settings_.tls, *material);
  if (auto reloaded = service_.reloadTls(settings_); !reloaded) {
    std::swap(settings_.tls, *material);
    return print(STDERR_FILENO,
                 fmt::format("Failed to update TLS configuration: {}\n", reloaded.error().message));
  }
  print(STDOUT_FILENO, "=> Reloading of changed TLS files completed.\n");
}

// The life of the process between its command line and its exit code.
class Application final : public Poco::Util::ServerApplication {
 public:
  explicit Application(const RunOptions& options) : options_(options) {}

 protected:
  int main(const ArgVec&) override {
    const Hardening hardening = hardenProcess();
    claimSignals();

    auto settings = loadSettings(options_);
    if (!settings) return failed(settings.error().message);
    printWarnings(*settings);
    auto service = Service::start(options_, *settings);
    if (!service) return failed(service.error().message);

    std::string told =
        banner(*settings, (*service)->storeDescription(), (*service)->port(), hardening.memoryLocked);
    print(STDOUT_FILENO, told);
    base::wipe(told);
    base::wipe(settings->apiKey);
    print(STDOUT_FILENO, "=> Server is up and running...\n");

    Reloading reloading(options_, **service, std::move(*settings));
    for (;;) {
      const int signal = waitForSignal(kFileInterval);
      if (signal != SIGHUP && signal != 0) break;
      // The store of a development server is its memory: a reload would lose every key.
      if (options_.dev) continue;
      if (signal == SIGHUP) reloading.onHangup();
      reloading.lookAtFiles();
    }
    (*service)->stop();
    print(STDOUT_FILENO, "\n=> Stopping server... Goodbye.\n");
    return EXIT_OK;
  }

 private:
  static int failed(std::string_view why) {
    printError(why);
    return 1;
  }

  const RunOptions& options_;
};

}  // namespace

int run(const RunOptions& options) {
  Application application(options);
  return application.run(std::vector<std::string>{"kes"});
}

}  // namespace kes::server
