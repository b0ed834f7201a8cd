#include "observe/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace kes::observe {
namespace {

using namespace std::chrono_literals;

// What was written to the read end of a pipe until its write end was closed.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() { ::close(ends_[0]); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int writeEnd() const { return ends_[1]; }
  [[nodiscard]] std::string drain() {
    ::close(ends_[1]);
    std::string text;
    std::array<char, 4096> chunk;
    for (ssize_t size = 0; (size = ::read(ends_[0], chunk.data(), chunk.size())) > 0;) {
      text.append(chunk.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

// Both logs of a run of `write`, the time of each line left out.
struct Written {
  std::string error;
  std::string audit;
};

Written written(const LogSettings& settings, const std::function<void(Log&)>& write) {
  Pipe error;
  Pipe audit;
  {
    Log log(settings, std::nullopt, {}, error.writeEnd(), audit.writeEnd());
    write(log);
  }
  const auto withoutTime = [](const std::string& line) {
    const std::size_t from = line.find_first_of(" ,");
    return from == line.npos ? line : line.substr(from + 1);
  };
  return {withoutTime(error.drain()), withoutTime(audit.drain())};
}

const RequestInfo kRequest{"PUT", "/v1/key/create/my-key", "127.0.0.1", "abc"};

TEST(Log, writesAuditLinesAsText) {
  const Written lines = written({}, [](Log& log) {
    log.audit({.message = "secret key 'my-key' created",
               .request = kRequest,
               .status = 200,
               .duration = 1234567ns});
  });
  EXPECT_EQ(lines.audit,
            "level=INFO msg=\"secret key 'my-key' created\" req.method=PUT req.path=/v1/key/create/my-key "
            "req.ip=127.0.0.1 req.identity=abc res.code=200 res.time=1.234567ms\n");
  EXPECT_EQ(lines.error, "");
}

TEST(Log, writesAuditLinesAsJson) {
  const Written lines = written({.error = 0, .audit = 0, .json = true}, [](Log& log) {
    log.audit({.message = "a \"b\"", .request = kRequest, .status = 200, .duration = 1234567ns});
  });
  EXPECT_EQ(lines.audit,
            "\"level\":\"INFO\",\"msg\":\"a "
            "\\\"b\\\"\",\"req\":{\"method\":\"PUT\",\"path\":\"/v1/key/create/my-key\","
            "\"ip\":\"127.0.0.1\",\"identity\":\"abc\"},\"res\":{\"code\":200,\"time\":1234567}}\n");
}

TEST(Log, namesCallersWithoutIdentityUnknown) {
  const Written lines = written(
      {}, [](Log& log) { log.error(level::kError, "store is down", {"GET", "/v1/ready", "::1", ""}); });
  EXPECT_EQ(lines.error,
            "level=ERROR msg=\"store is down\" req.method=GET req.path=/v1/ready req.ip=::1 "
            "req.identity=<unknown>\n");
}

TEST(Log, leavesOutWhatIsBelowItsLevel) {
  const Written lines = written({.error = level::kWarn, .audit = 9, .json = false}, [](Log& log) {
    log.error(level::kInfo, "not this");
    log.error(level::kWarn, "this");
    log.audit({.message = "nor this", .request = kRequest, .status = 200, .duration = 0ns});
    log.configure({.error = 9}, std::nullopt);
    log.error(level::kError, "nor this one");
  });
  EXPECT_EQ(lines.error, "level=WARN msg=this\n");
  EXPECT_EQ(lines.audit, "");
}

TEST(Log, escapesWhatCouldForgeALine) {
  const Written lines =
      written({}, [](Log& log) { log.error(level::kError, "a\nlevel=ERROR msg=forged \xff"); });
  EXPECT_EQ(lines.error, "level=ERROR msg=\"a\\nlevel=ERROR msg=forged \xef\xbf\xbd\"\n");
}

// Names, paths and texts of plugins come from strangers, and logs are read in terminals.
TEST(Log, leavesNoControlCharacterForATerminal) {
  const RequestInfo request{"PUT",
                            "/v1/\x1b[31m\x7f\xc2\x9b"
                            "31m",
                            "127.0.0.1", "\xff\x9b"};
  const auto write = [&](Log& log) { log.error(level::kError, "\xc2\x85\x7f", request); };
  EXPECT_EQ(written({}, write).error,
            "level=ERROR msg=\"\\u0085\\u007f\" req.method=PUT req.path=\"/v1/\\u001b[31m\\u007f\\u009b31m\" "
            "req.ip=127.0.0.1 req.identity=\"\xef\xbf\xbd\xef\xbf\xbd\"\n");
  EXPECT_EQ(written({.json = true}, write).error,
            "\"level\":\"ERROR\",\"msg\":\"\\u0085\\u007f\",\"req\":{\"method\":\"PUT\",\"path\":"
            "\"/v1/\\u001b[31m\\u007f\\u009b31m\",\"ip\":\"127.0.0.1\",\"identity\":"
            "\"\xef\xbf\xbd\xef\xbf\xbd\"}}\n");
}

TEST(Log, namesLevelsAsGoDoes) {
  EXPECT_EQ(levelName(-5), "DEBUG-1");
  EXPECT_EQ(levelName(-4), "DEBUG");
  EXPECT_EQ(levelName(0), "INFO");
  EXPECT_EQ(levelName(2), "INFO+2");
  EXPECT_EQ(levelName(4), "WARN");
  EXPECT_EQ(levelName(9), "ERROR+1");
}

}  // namespace
}  // namespace kes::observe
