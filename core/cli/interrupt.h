#pragma once

namespace kes::cli {

// Makes SIGINT end the process at once, as a failure and with the terminal put back in order.
void leaveOnInterrupt();

// From now on SIGINT is the ordinary end of the command at work: the process leaves with this exit code,
// after writing `farewell` to STDOUT. The text must live as long as the process.
void expectInterrupt(int exitCode, const char* farewell = "");

}  // namespace kes::cli
