#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "cli/program.h"
#include "server/process.h"

int main(int argc, char** argv) {
  kes::server::wipeOpenSslMemory();                // before anything allocates through OpenSSL
  (void)std::setvbuf(stdout, nullptr, _IONBF, 0);  // secrets that are printed stay in no buffer
  kes::cli::leaveOnInterrupt();
  (void)std::signal(SIGPIPE, SIG_IGN);  // a broken connection or pipe is an error of the call that meets it
  kes::cli::Console console = kes::cli::processConsole();
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return kes::cli::runProgram(arguments, console);
  } catch (const std::exception& exception) {
    return kes::cli::fail(console, exception.what());
  }
}
