#pragma once

#include <chrono>

namespace kes::server {

// Makes every free of OpenSSL's wipe what it gives back. Must run before anything else uses OpenSSL.
void wipeOpenSslMemory() noexcept;

// Keeps this process' memory out of core dumps and debuggers, and, as far as its limits allow, out of swap.
struct Hardening {
  bool memoryLocked = false;
};
Hardening hardenProcess() noexcept;

// SIGPIPE is ignored and SIGHUP, SIGINT and SIGTERM are blocked, in this thread and all it starts;
// waitForSignal() takes them.
void claimSignals() noexcept;
// 0 when none has come in that time.
[[nodiscard]] int waitForSignal(std::chrono::seconds longest) noexcept;

}  // namespace kes::server
