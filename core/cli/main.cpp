#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/password.h"
#include "cli/program.h"
#include "server/process.h"

namespace {

void leaveQuietly(int) {
  kes::cli::restoreTerminal();
  ::_exit(kes::cli::kExitFailure);
}

void handleSignals() {
  struct sigaction leave{};
  leave.sa_handler = leaveQuietly;
  ::sigaction(SIGINT, &leave, nullptr);
  // A broken connection or pipe is an error of the call that meets it.
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  kes::server::wipeOpenSslMemory();                // before anything allocates through OpenSSL
  (void)std::setvbuf(stdout, nullptr, _IONBF, 0);  // secrets that are printed stay in no buffer
  handleSignals();
  kes::cli::Console console = kes::cli::processConsole();
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return kes::cli::runProgram(arguments, console);
  } catch (const std::exception& exception) {
    return kes::cli::fail(console, exception.what());
  }
}
