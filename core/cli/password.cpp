#include "cli/password.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace kes::cli {
namespace {

constexpr std::size_t kMaxPassword = 1024;

// The terminal whose echo is off, for the signal handler; -1 = none.
std::atomic<int> silencedTerminal = -1;
termios savedMode;

void print(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool silence(int terminal) {
  if (::tcgetattr(terminal, &savedMode) != 0) return false;
  termios mode = savedMode;
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  mode.c_lflag |= ICANON | ISIG;
  silencedTerminal = terminal;
  return ::tcsetattr(terminal, TCSAFLUSH, &mode) == 0;
}

base::Outcome<base::Secret> readLine(int terminal) {
  base::Secret line(kMaxPassword);
  std::size_t size = 0;
  for (;;) {
    if (size == line.size()) return base::fail("reading password: it is too long");
    const ssize_t count = ::read(terminal, line.revealMutable().data() + size, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::fail(fmt::format("reading password: {}", std::strerror(errno)));
    if (count == 0 || line.reveal()[size] == '\n') break;
    ++size;
  }
  line.truncate(size);
  return line;
}

}  // namespace

base::Outcome<base::Secret> askPassword(std::string_view prompt) {
  const int opened = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  const int terminal = opened >= 0 ? opened : STDERR_FILENO;
  const auto close = [&] {
    if (opened >= 0) ::close(opened);
  };
  if (!silence(terminal)) {
    restoreTerminal();
    close();
    return base::fail("reading password: there is no terminal to ask on");
  }
  const int screen = ::isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : terminal;
  print(screen, prompt);
  auto line = readLine(terminal);
  restoreTerminal();
  print(screen, "\n");
  close();
  return line;
}

void restoreTerminal() noexcept {
  const int terminal = silencedTerminal.exchange(-1);
  if (terminal >= 0) ::tcsetattr(terminal, TCSAFLUSH, &savedMode);
}

}  // namespace kes::cli
