#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "cli/console.h"
#include "cli/password.h"

namespace kes::cli {
namespace {

std::atomic<int> exitCodeOfInterrupt = kExitFailure;
std::atomic<const char*> farewellOfInterrupt = "";

// Async-signal-safe (signal-safety(7)).
void leave(int) {
  restoreTerminal();
  const char* farewell = farewellOfInterrupt;
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, farewell, std::strlen(farewell));
  ::_exit(exitCodeOfInterrupt);
}

}  // namespace

void leaveOnInterrupt() {
  struct sigaction action{};
  action.sa_handler = leave;
  ::sigaction(SIGINT, &action, nullptr);
}

void expectInterrupt(int exitCode, const char* farewell) {
  farewellOfInterrupt = farewell;
  exitCodeOfInterrupt = exitCode;
}

}  // namespace kes::cli
