#include "config/values.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "config/config.h"

namespace kes::config {
namespace {

TEST(LogLevel, readsNamesOffsetsAndNumbers) {
  const std::pair<std::string, int> cases[] = {
      {"", 0},       {"on", 0},         {"INFO", 0},      {"info", 0},     {" Info ", 0},
      {"off", 9},    {"OFF", 9},        {"DEBUG", -4},    {"warn", 4},     {"ERROR", 8},
      {"INFO+2", 2}, {"debug+1", -3},   {"error+0", 8},   {"7", 7},        {"-4", -4},
      {"+3", 3},     {"\tWARN+1\n", 5}, {"40000", 40000}, {"INFO+-2", -2},
  };
  for (const auto& [text, level] : cases) {
    const auto parsed = parseLogLevel(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, level) << text;
  }
}

TEST(LogLevel, refusesOtherWordsAndSuffixes) {
  const std::pair<std::string, std::string> cases[] = {
      {"INFO-1", "invalid log level 'INFO-1': invalid suffix '-1'; write INFO+1 and the like"},
      {"warnx", "invalid log level 'warnx': invalid suffix 'x'; write WARN+1 and the like"},
      {"INFO+", "invalid log level 'INFO+': invalid suffix '+'; write INFO+1 and the like"},
      {"INFO+x", "invalid log level 'INFO+x': invalid suffix '+x'; write INFO+1 and the like"},
      {"INFO+--2", "invalid log level 'INFO+--2': invalid suffix '+--2'; write INFO+1 and the like"},
      {"INFO +2", "invalid log level 'INFO +2': invalid suffix ' +2'; write INFO+1 and the like"},
      {"loud",
       "invalid log level 'loud'; write DEBUG, INFO, WARN, ERROR, one of them with +<n>, a number, on or "
       "off"},
      {"4.5",
       "invalid log level '4.5'; write DEBUG, INFO, WARN, ERROR, one of them with +<n>, a number, on or off"},
      {"9999999999",
       "invalid log level '9999999999'; write DEBUG, INFO, WARN, ERROR, one of them with +<n>, a number, on "
       "or "
       "off"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = parseLogLevel(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message, message);
  }
}

TEST(LogLevel, printsAsKesDoes) {
  const std::pair<int, std::string> cases[] = {
      {0, "INFO"},   {2, "INFO+2"}, {-4, "DEBUG"},  {-3, "DEBUG+1"}, {4, "WARN"},
      {6, "WARN+2"}, {8, "ERROR"},  {9, "ERROR+1"}, {-6, "DEBUG-2"}, {12, "ERROR+4"}};
  for (const auto& [level, text] : cases) EXPECT_EQ(formatLogLevel(level), text);
}

TEST(LogLevel, readsBackWhatItPrints) {
  for (int level = -4; level <= 20; ++level) {
    const auto parsed = parseLogLevel(formatLogLevel(level));
    ASSERT_TRUE(parsed) << level;
    EXPECT_EQ(*parsed, level);
  }
}

TEST(Address, readsIpLiteralsAndPorts) {
  struct Case {
    std::string text;
    std::string host;
    int port;
  };
  const Case cases[] = {{"0.0.0.0:7373", "0.0.0.0", 7373}, {":7373", "", 7373},
                        {"127.0.0.1:0", "127.0.0.1", 0},   {"[::1]:443", "::1", 443},
                        {"[::]:65535", "::", 65535},       {"[]:1", "", 1},
                        {"[10.0.0.1]:80", "10.0.0.1", 80}};
  for (const auto& c : cases) {
    const auto address = parseAddress(c.text);
    ASSERT_TRUE(address) << c.text << ": " << address.error().message;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
}

TEST(Address, refusesNamesAndNonsense) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "'' has no port; write <ip>:<port>, such as 0.0.0.0:7373"},
      {"10.0.0.1", "'10.0.0.1' has no port; write <ip>:<port>, such as 0.0.0.0:7373"},
      {"10.0.0.1:", "'10.0.0.1:' has no valid port; the port is a number up to 65535"},
      {":65536", "':65536' has no valid port; the port is a number up to 65535"},
      {":-1", "':-1' has no valid port; the port is a number up to 65535"},
      {":https", "':https' has no valid port; the port is a number up to 65535"},
      {"::1:443", "'::1:443' is ambiguous; write an IPv6 address in brackets: [::1]:7373"},
      {"localhost:7373",
       "'localhost' is not a valid IP address; write the address, not a name, such as 127.0.0.1:7373"},
      {"[fe80::1%eth0]:7373",
       "'fe80::1%eth0' is not a valid IP address; write the address, not a name, such as 127.0.0.1:7373"},
      {"1.2.3:7373",
       "'1.2.3' is not a valid IP address; write the address, not a name, such as 127.0.0.1:7373"},
  };
  for (const auto& [text, message] : cases) {
    const auto address = parseAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().message, message);
  }
}

TEST(Values, readBooleansInEverySpelling) {
  for (const auto* yes : {"true", "True", "TRUE", "y", "Y", "yes", "YES", "on", "On"}) {
    EXPECT_EQ(parseBoolean(yes), std::optional(true)) << yes;
  }
  for (const auto* no : {"false", "False", "n", "N", "no", "NO", "off", "OFF"}) {
    EXPECT_EQ(parseBoolean(no), std::optional(false)) << no;
  }
  for (const auto* other : {"", "1", "0", "ja", "tru", "yes "})
    EXPECT_EQ(parseBoolean(other), std::nullopt) << other;
}

TEST(Values, readSizesWithUnits) {
  const std::pair<std::string, std::optional<std::size_t>> cases[] = {
      {"0", 0},
      {"250", 250},
      {"16KiB", 16384},
      {"16kib", 16384},
      {"4MB", 4'000'000},
      {"4MiB", 4194304},
      {"1GB", 1'000'000'000},
      {"1GiB", 1073741824},
      {"7B", 7},
      {"1kB", 1000},
      {"", std::nullopt},
      {"MB", std::nullopt},
      {"-1", std::nullopt},
      {"1 MB", std::nullopt},
      {"1.5MB", std::nullopt},
      {"1TB", std::nullopt},
      {"18446744073709551616", std::nullopt},
      {"18446744073709551615KB", std::nullopt},
      {"18446744073709551615", 18446744073709551615U},
  };
  for (const auto& [text, size] : cases) EXPECT_EQ(parseSize(text), size) << text;
}

}  // namespace
}  // namespace kes::config
