#include "client/endpoint.h"

#include <gtest/gtest.h>

namespace kes::client {
namespace {

TEST(Endpoint, isReadInAllTheWaysPeopleWriteIt) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"127.0.0.1:7373", "https://127.0.0.1:7373"},
      {" 127.0.0.1:7373 ", "https://127.0.0.1:7373"},
      {"https://kes.example.net:7373", "https://kes.example.net:7373"},
      {"http://kes.example.net:7373", "https://kes.example.net:7373"},
      {"https://kes.example.net:7373/", "https://kes.example.net:7373"},
      {"kes.example.net", "https://kes.example.net:443"},
      {"https://[::1]:7373", "https://[::1]:7373"},
      {"[fe80::1]", "https://[fe80::1]:443"},
      {"https://kes.example.net/tenant/a/", "https://kes.example.net:443/tenant/a"},
  };
  for (const auto& [text, url] : cases) {
    const auto endpoint = parseEndpoint(text);
    ASSERT_TRUE(endpoint) << text << ": " << endpoint.error().message;
    EXPECT_EQ(endpoint->url(), url) << text;
  }
}

TEST(Endpoint, refusesWhatIsNoEndpointAndSaysWhy) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no host"},
      {":7373", "no host"},
      {"https://", "no host"},
      {"host:", "the port is not a number from 1 to 65535"},
      {"host:0", "the port is not a number from 1 to 65535"},
      {"host:65536", "the port is not a number from 1 to 65535"},
      {"host:73x", "the port is not a number from 1 to 65535"},
      {"::1", "put an IPv6 address in brackets"},
      {"[::1", "missing ']'"},
      {"[::1]7373", "unexpected text after ']'"},
      {"user@host:1", "the host has invalid characters"},
      {"host\r\nX: y", "the host has invalid characters"},
      {"host:1/a b", "the path has invalid characters"},
      {"host:1/?a=b", "the path has invalid characters"},
  };
  for (const auto& [text, why] : cases) {
    const auto endpoint = parseEndpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_TRUE(endpoint.error().message.ends_with(why)) << text << ": " << endpoint.error().message;
  }
}

TEST(Endpoint, listsKeepTheirOrder) {
  const auto endpoints = parseEndpoints("https://a:1, b:2 ,[::1]:3");
  ASSERT_TRUE(endpoints);
  ASSERT_EQ(endpoints->size(), 3U);
  EXPECT_EQ((*endpoints)[0].authority(), "a:1");
  EXPECT_EQ((*endpoints)[1].authority(), "b:2");
  EXPECT_EQ((*endpoints)[2].authority(), "[::1]:3");
}

TEST(Endpoint, anEmptyElementSpoilsAList) {
  EXPECT_FALSE(parseEndpoints(""));
  EXPECT_FALSE(parseEndpoints("a:1,"));
  EXPECT_FALSE(parseEndpoints("a:1,,b:2"));
}

}  // namespace
}  // namespace kes::client
