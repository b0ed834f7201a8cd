#include "server/connection_errors.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>

namespace kes::server {
namespace {

using namespace std::chrono_literals;

std::string logged(const std::function<void(ConnectionErrors&)>& report) {
  const int file = ::memfd_create("log", MFD_CLOEXEC);
  {
    observe::Log log({}, std::nullopt, {}, file, file);
    ConnectionErrors errors(log);
    report(errors);
  }
  std::string text(1U << 16U, '\0');
  text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
  ::close(file);
  return text;
}

TEST(ConnectionErrors, nameTheAddressIfThereIsOne) {
  const auto text = logged([](ConnectionErrors& errors) {
    errors.report("192.0.2.1", "too many connections", {});
    errors.report("", "too many open files", {});
  });
  EXPECT_NE(text.find("http: connection error from 192.0.2.1: too many connections\"\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("http: too many open files\"\n"), std::string::npos) << text;
}

TEST(ConnectionErrors, doNotFillTheLog) {
  const auto text = logged([now = base::SteadyClock::now()](ConnectionErrors& errors) {
    for (int i = 0; i < 1000; ++i) errors.report("192.0.2.1", "too many connections", now);
    errors.report("192.0.2.1", "the next second", now + 1s);
    errors.report("192.0.2.1", "and the next", now + 2s);
  });
  EXPECT_EQ(std::ranges::count(text, '\n'), 20 + 3) << text;
  EXPECT_NE(text.find("http: 980 connection errors are not shown"), std::string::npos) << text;
}

}  // namespace
}  // namespace kes::server
