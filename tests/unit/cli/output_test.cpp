#include <gtest/gtest.h>

#include <sstream>

#include "base/encoding.h"
#include "cli/identity_output.h"
#include "cli/json.h"
#include "cli/key_output.h"
#include "cli/name_table.h"
#include "cli/status_output.h"

namespace kes::cli {
namespace {

const std::string kApiKey = "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs";
const std::string kIdentity = "ea9826089311fe44d7590408ede9150f7c637b6cab0a91ee6fe1aa5d9fb366f6";

TEST(NameTable, aTableHasAHeadingAndNothingIsPrintedOfNothing) {
  const std::vector<std::string> names = {"a", "b"};
  EXPECT_EQ(nameTable("Key", names, Style::plain()), "Key\na\nb\n");
  EXPECT_EQ(nameTable("Key", names, Style::full()), "\x1b[4mKey\x1b[0m\na\nb\n");
  EXPECT_EQ(nameTable("Key", {}, Style::full()), "");
  EXPECT_EQ(jsonStrings(names), "[\"a\",\"b\"]");
  EXPECT_EQ(jsonStrings({}), "[]");
}

TEST(KeyOutput, aKeyIsDescribedInFourLines) {
  client::KeyInfo info{"my-key", "AES256", "2026-11-23T13:33:30.110363209Z", "owner"};
  EXPECT_EQ(keyDescription(info),
            "Name        my-key\n"
            "Algorithm   AES256\n"
            "Date        2026-11-23 13:33:30\n"
            "Owner       owner");
  EXPECT_EQ(keyDescriptionJson(info),
            R"({"name":"my-key","algorithm":"AES256","created_at":"2026-11-23T13:33:30.110363209Z",)"
            R"("created_by":"owner"})"
            "\n");
}

TEST(KeyOutput, theDateIsOnTheServersClock) {
  EXPECT_NE(keyDescription({"k", "", "2024-01-02T03:04:05.5+02:00", ""}).find("2024-01-02 03:04:05\n"),
            std::string::npos);
}

TEST(KeyOutput, whatTheServerDoesNotSayIsLeftOutOfJson) {
  EXPECT_EQ(keyDescriptionJson({"k", "", "0001-01-01T00:00:00Z", ""}),
            R"({"name":"k","created_at":"0001-01-01T00:00:00Z"})"
            "\n");
}

TEST(KeyOutput, olderNamesOfAlgorithmsAreTranslated) {
  EXPECT_NE(keyDescription({"k", "XCHACHA20-POLY1305", "", ""}).find("ChaCha20"), std::string::npos);
  EXPECT_NE(keyDescription({"k", "AES256-GCM_SHA256", "", ""}).find("AES256\n"), std::string::npos);
  EXPECT_NE(keyDescription({"k", "", "", ""}).find("AES256\n"), std::string::npos);
}

TEST(KeyOutput, bytesAreBase64InOneColumnOrInJson) {
  const std::vector<NamedBytes> values = {{"plaintext", base::bytesOf("plain")},
                                          {"ciphertext", base::bytesOf("cipher")}};
  EXPECT_EQ(bytesText(values).text, "\nplaintext:  cGxhaW4=\nciphertext: Y2lwaGVy\n");
  EXPECT_EQ(bytesJson(values).text, R"({"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy"})");
}

TEST(StatusOutput, aServersHealthStandsInColumns) {
  const client::Status status{.version = "2024-01-01T00-00-00Z",
                              .os = "linux",
                              .arch = "amd64",
                              .uptime = 61,
                              .cpus = 4,
                              .usableCpus = 2,
                              .heapUsed = 4'300'000,
                              .stackUsed = 917'504};
  EXPECT_EQ(statusHead("127.0.0.1:7373", Style::plain()), "● 127.0.0.1:7373\n");
  EXPECT_EQ(statusBody(status, std::chrono::microseconds(5400), Style::plain()),
            "  Version  2024-01-01T00-00-00Z\n"
            "  Uptime   1 minutes\n"
            "  Latency  5ms\n"
            "  OS       linux\n"
            "  CPUs     2 amd64\n"
            "  Memory  \n"
            "  · Heap   4.3MB\n"
            "  · Stack  917.5KB\n");
}

TEST(StatusOutput, anUnreachableKeyStoreIsTold) {
  client::Status status;
  status.keystoreUnreachable = true;
  EXPECT_NE(statusBody(status, {}, Style::plain()).find("  Keys     the key store is unreachable\n"),
            std::string::npos);
}

TEST(StatusOutput, routesStandInATable) {
  const std::vector<client::Api> apis = {{"DELETE", "/v1/key/delete/", 0, 15},
                                         {"GET", "/v1/log/error", 0, 0}};
  EXPECT_EQ(apiTable(apis, Style::plain()),
            "\n"
            "  Method  API               Timeout\n"
            "  DELETE  /v1/key/delete/   15s\n"
            "  GET     /v1/log/error     Inf\n");
  EXPECT_EQ(apiJson(apis), R"([{"method":"DELETE","path":"/v1/key/delete/","timeout":15},)"
                           R"({"method":"GET","path":"/v1/log/error"}])");
}

TEST(StatusOutput, jsonIsThatOfTheServer) {
  EXPECT_EQ(statusJson({.version = "<unknown>", .os = "linux", .arch = "arm64", .uptime = 1, .cpus = 2}),
            R"({"version":"\u003cunknown\u003e","os":"linux","arch":"arm64","uptime":1,"num_cpu":2,)"
            R"("num_cpu_used":0,"mem_heap_used":0,"mem_stack_used":0})");
}

TEST(StatusOutput, uptimeIsRoundedToItsUnit) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {
      {0, "0 seconds"},          {60, "60 seconds"},          {61, "1 minutes"},         {90, "2 minutes"},
      {3600, "60 minutes"},      {3601, "1 hours"},           {5400, "2 hours"},         {86400, "24 hours"},
      {90061, "1 days 1 hours"}, {172799, "1 days 23 hours"}, {172800, "2 days 0 hours"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(formatUptime(seconds), text) << seconds;
}

TEST(StatusOutput, sizesAreDecimalWithOneDigit) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {{0, "0B"},
                                                                   {5, "5.0B"},
                                                                   {999, "999.0B"},
                                                                   {1000, "1.0KB"},
                                                                   {557'056, "557.1KB"},
                                                                   {999'949, "999.9KB"},
                                                                   {999'999, "1.0MB"},
                                                                   {12'345'678'901'234, "12.3TB"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(formatSize(bytes), text) << bytes;
}

TEST(IdentityOutput, aNewIdentityIsExplained) {
  const std::string text = newIdentityText(kApiKey, kIdentity, {});
  EXPECT_EQ(text, "Your API key:\n\n   " + kApiKey +
                      "\n\nThis is the only time it is shown. Keep it secret and secure!\n\n"
                      "Your Identity:\n\n   " +
                      kIdentity +
                      "\n\nThe identity is not a secret. It can be shared. Any peer\n"
                      "needs this identity in order to verify your API key.\n\n"
                      "The identity can be computed again via:\n\n    kes identity of " +
                      kApiKey + "\n\n");
}

TEST(IdentityOutput, filesAreNamed) {
  const std::string text = newIdentityText(kApiKey, kIdentity, {"my.key", "my.crt"});
  EXPECT_TRUE(
      text.ends_with("The generated TLS private key is stored at: my.key\n"
                     "The generated TLS certificate is stored at: my.crt\n\n"
                     "The identity can be computed again via:\n\n    kes identity of " +
                     kApiKey + "\n    kes identity of my.crt\n"));
}

TEST(IdentityOutput, blocksAreAsWideAsTheirWidestLine) {
  std::istringstream lines(apiKeyText(kApiKey, kIdentity, Style::plain()));
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(line.size(), 70U) << line;
  EXPECT_NE(identityText(kIdentity, Style::full()).find("    \x1b[1m" + kIdentity + "\x1b[0m \n"),
            std::string::npos);
  EXPECT_NE(apiKeyOfFileText(kApiKey, "my.key", Style::plain())
                .find(" It corresponds to the private key in: my.key.          \n"),
            std::string::npos);
}

TEST(Json, stringsAreEscapedAsKesDoes) {
  EXPECT_EQ(jsonString("a\"b\\c<d>&\n\x01"), R"("a\"b\\c\u003cd\u003e\u0026\n\u0001")");
}

TEST(Json, isIndentedByTwoBlanks) {
  EXPECT_EQ(indentJson(R"({"a":"{,:}\"","b":[1,{"c":2}],"d":{},"e":[]})"),
            "{\n"
            "  \"a\": \"{,:}\\\"\",\n"
            "  \"b\": [\n"
            "    1,\n"
            "    {\n"
            "      \"c\": 2\n"
            "    }\n"
            "  ],\n"
            "  \"d\": {},\n"
            "  \"e\": []\n"
            "}");
}

TEST(Output, whatCouldSteerATerminalIsReplaced) {
  EXPECT_EQ(printable("a\x1b[2Jb\rc\x7f\xc2\x9b"
                      "1md\nä\xff"),
            "a?[2Jb?c??1md\nä\xef\xbf\xbd");
}

}  // namespace
}  // namespace kes::cli
