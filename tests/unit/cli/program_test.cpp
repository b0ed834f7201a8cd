#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program_under_test.h"
#include "support/scripted_server.h"

namespace kes::cli {
namespace {

using test::ScriptedServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Answer = ScriptedServer::Answer;
using Asked = ScriptedServer::Asked;

TEST(Program, withoutACommandPrintsItsUsageOnStderrAndExitsWith2) {
  ProgramUnderTest kes;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--help"},
                                             {"-h"},
                                             {"key"},
                                             {"key", "-h"},
                                             {"nonsense", "--help"},
                                             {"identity", "--help"},
                                             {"key", "create", "--help"},
                                             {"status", "-h"},
                                             {"policy"},
                                             {"policy", "create", "-h"},
                                             {"ls", "-h"},
                                             {"log", "--help"},
                                             {"metric", "--help"},
                                             {"server", "--help"},
                                             {"identity", "new", "-h"}}) {
    EXPECT_EQ(kes.run(arguments), 2);
    EXPECT_EQ(kes.out, "");
    EXPECT_THAT(kes.err, StartsWith("Usage:\n    kes"));
  }
}

TEST(Program, helpTeachesByExamples) {
  ProgramUnderTest kes;
  for (const char* command : {"create", "import", "info", "ls", "rm", "dek", "encrypt", "decrypt", "hmac"}) {
    kes.run({"key", command, "--help"});
    EXPECT_THAT(kes.err, HasSubstr("    $ kes key " + std::string(command))) << command;
    EXPECT_THAT(kes.err, HasSubstr("--insecure")) << command;
  }
}

TEST(Program, refusesWhatItDoesNotKnow) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"nonsense"}, "\"nonsense\" is not a kes command. See 'kes --help'"},
      {{"key", "nonsense"}, "\"nonsense\" is not a key command. See 'kes key --help'"},
      {{"-k", "key"}, "unknown shorthand flag: 'k' in -k. See 'kes --help'"},
      {{"key", "-k", "create"}, "unknown shorthand flag: 'k' in -k. See 'kes key --help'"},
      {{"-v", "key"}, "\"key\" is not a kes command. See 'kes --help'"},
      {{"key", "create"}, "no key name specified. See 'kes key create --help'"},
      {{"key", "delete"}, "no key name specified. See 'kes key rm --help'"},
      {{"key", "derive"}, "no key name specified. See 'kes key dek --help'"},
      {{"key", "list", "a", "b"}, "too many arguments. See 'kes key ls --help'"},
      {{"key", "import", "a"}, "no crypto key specified. See 'kes key import --help'"},
      {{"key", "import", "a", "?"}, "invalid key: it is not base64. See 'kes key import --help'"},
      {{"key", "encrypt", "a"}, "no message specified. See 'kes key encrypt --help'"},
      {{"key", "decrypt", "a"}, "no ciphertext specified. See 'kes key decrypt --help'"},
      {{"key", "decrypt", "a", "Yw==", "?"},
       "invalid context: it is not base64. See 'kes key decrypt --help'"},
      {{"key", "hmac", "a", "b", "c"}, "too many arguments. See 'kes key hmac --help'"},
      {{"status", "a"}, "too many arguments. See 'kes status --help'"},
      {{"ls", "a", "b"}, "too many arguments. See 'kes ls --help'"},
      {{"ls", "-i", "-p"}, "'-p / --policy' and '-i / --identity' must not be used at the same time"},
      {{"policy", "nonsense"}, "\"nonsense\" is not a policy command. See 'kes policy --help'"},
      {{"policy", "info"}, "no policy name specified. See 'kes policy info --help'"},
      {{"policy", "show", "a", "b"}, "too many arguments. See 'kes policy show --help'"},
      {{"policy", "create", "a"}, "no policy file specified. See 'kes policy create --help'"},
      {{"policy", "create", "a", "/none"}, "/none: cannot read the policy: No such file or directory"},
      {{"policy", "assign", "a"}, "no identity specified. See 'kes policy assign --help'"},
      {{"policy", "delete"}, "no policy name specified. See 'kes policy rm --help'"},
      {{"identity", "assign", "a"}, "no policy name specified. See 'kes identity assign --help'"},
      {{"identity", "forget"}, "no identity specified. See 'kes identity rm --help'"},
      {{"log", "x"}, "too many arguments. See 'kes log --help'"},
      {{"log", "--audit", "--error"}, "cannot display audit and error logs at the same time"},
      {{"metric", "x"}, "too many arguments. See 'kes metric --help'"},
      {{"metric", "--rate", "0s"}, "the rate must be longer than 0s. See 'kes metric --help'"},
      {{"metric", "--rate", "x"},
       "invalid argument \"x\" for \"--rate\" flag: time: invalid duration \"x\". See 'kes metric --help'"},
      {{"server", "a"}, "too many arguments. See 'kes server --help'"},
      {{"server", "--dev", "--config", "x"}, "'--config' flag is not supported in development mode"},
      {{"identity", "a", "b"}, "too many arguments. See 'kes identity --help'"},
  };
  ProgramUnderTest kes;
  for (const auto& [arguments, text] : cases) {
    EXPECT_EQ(kes.run(arguments), 1) << text;
    EXPECT_EQ(kes.out, "");
    EXPECT_EQ(kes.err, "Error: " + text + "\n");
  }
}

TEST(Program, namesWhatReplacesCommandsThatAreGone) {
  ProgramUnderTest kes;
  for (const char* command : {"init", "enclave", "secret"}) {
    EXPECT_EQ(kes.run({command, "x"}), 1);
    EXPECT_THAT(kes.err, StartsWith("Error: 'kes " + std::string(command) + "' is gone: "));
  }
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"migrate"}, {"update"}}) {
    EXPECT_EQ(kes.run(arguments), 1);
    EXPECT_THAT(kes.err, HasSubstr("not available in this version"));
  }
}

TEST(Program, itsVersionIsFourLines) {
  ProgramUnderTest kes;
  for (const char* option : {"-v", "--version"}) {
    EXPECT_EQ(kes.run({option}), 0);
    EXPECT_EQ(std::ranges::count(kes.out, '\n'), 4);
    EXPECT_THAT(kes.out, StartsWith("Version    "));
    EXPECT_THAT(kes.out, HasSubstr("\nLicense    Apache-2.0             https://"));
  }
}

class ProgramAtServer : public testing::Test {
 protected:
  ProgramAtServer() {
    kes.environment = {{"KES_API_KEY", "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs"},
                       {"KES_SERVER", server.authority()}};
  }

  [[nodiscard]] std::vector<std::string> calls() const {
    std::vector<std::string> calls;
    for (const Asked& asked : server.asked()) calls.push_back(asked.method + " " + asked.path);
    return calls;
  }

  static Answer answer(const Asked& asked) {
    if (asked.path.ends_with("/missing"))
      return {.status = 404, .body = R"({"message":"key does not exist"})"};
    if (asked.path.starts_with("/v1/key/list/")) return {.body = R"({"names":["b","a"]})"};
    if (asked.path.starts_with("/v1/key/hmac/")) {
      return {.body = R"({"hmac":"QRuaUehWXh/HlkOypsRnL0o8Plc8M9CZWgh0jLYSjo4="})"};
    }
    return {.body = R"({"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy"})"};
  }

  ScriptedServer server{answer};
  ProgramUnderTest kes;
};

TEST_F(ProgramAtServer, createsAndRemovesFromLeftToRightAndStopsAtTheFirstFailure) {
  EXPECT_EQ(kes.run({"key", "create", "-k", "a", "b"}), 0);
  EXPECT_EQ(kes.out + kes.err, "");
  EXPECT_EQ(kes.run({"key", "rm", "-k", "a", "missing", "b"}), 1);
  EXPECT_EQ(kes.err, "Error: failed to remove key \"missing\": key does not exist\n");
  EXPECT_THAT(calls(), ElementsAre("PUT /v1/key/create/a", "PUT /v1/key/create/b", "DELETE /v1/key/delete/a",
                                   "DELETE /v1/key/delete/missing"));
}

TEST_F(ProgramAtServer, listsSorted) {
  EXPECT_EQ(kes.run({"key", "ls", "-k"}), 0);
  EXPECT_EQ(kes.out, "Key\na\nb\n");
  EXPECT_EQ(kes.run({"key", "ls", "-k", "--json", "my-*"}), 0);
  EXPECT_EQ(kes.out, "[\"a\",\"b\"]\n");
  EXPECT_THAT(calls(), ElementsAre("GET /v1/key/list/%2A", "GET /v1/key/list/my-"));
}

TEST_F(ProgramAtServer, printsJsonOnAPipeAndTextOnATerminal) {
  const std::vector<std::tuple<std::vector<std::string>, std::string, std::string>> cases = {
      {{"key", "dek", "k"},
       R"({"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy"})",
       "\nplaintext:  cGxhaW4=\nciphertext: Y2lwaGVy\n"},
      {{"key", "encrypt", "k", "hi"}, R"({"ciphertext":"Y2lwaGVy"})", "\nciphertext: Y2lwaGVy\n"},
      {{"key", "decrypt", "k", "Yw=="}, R"({"plaintext":"cGxhaW4="})", "\nplaintext: cGxhaW4=\n"},
      {{"key", "hmac", "k", "hi"},
       R"({"hmac":"QRuaUehWXh/HlkOypsRnL0o8Plc8M9CZWgh0jLYSjo4="})",
       "\nhmac: QRuaUehWXh/HlkOypsRnL0o8Plc8M9CZWgh0jLYSjo4=\n"},
  };
  for (const auto& [command, json, text] : cases) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("-k");
    kes.onTerminal = false;
    EXPECT_EQ(kes.run(arguments), 0) << kes.err;
    EXPECT_EQ(kes.out, json);
    kes.onTerminal = true;
    EXPECT_EQ(kes.run(arguments), 0);
    EXPECT_EQ(kes.out, text);
    arguments.emplace_back("--json");
    EXPECT_EQ(kes.run(arguments), 0);
    EXPECT_EQ(kes.out, json);
  }
}

TEST_F(ProgramAtServer, messagesAreSentAsTheyStand) {
  ASSERT_EQ(kes.run({"key", "encrypt", "-k", "k", "[a,b]"}), 0);
  EXPECT_EQ(server.asked()[0].body, R"({"plaintext":"W2EsYl0="})");
}

TEST_F(ProgramAtServer, optionsBeatTheEnvironment) {
  kes.environment = {{"KES_API_KEY", "junk"}, {"KES_SERVER", "127.0.0.1:1"}};
  EXPECT_EQ(kes.run({"key", "create", "-k", "-s", server.authority(), "-a",
                     "kes:v1:ACQpoGqx3rHHjT938Hfu5hVVQJHZWSqVI2Xp1KlYxFVw", "-e", "enclave", "a"}),
            0)
      << kes.err;
  EXPECT_EQ(server.asked()[0].identity, "0426fa9a04bc2756b92fbe8a97e1a1e07b53ecf04ed33da22c33e5c9faeb8cbb");
}

TEST_F(ProgramAtServer, aServerNobodyVouchesForIsRefusedWithAHint) {
  EXPECT_EQ(kes.run({"key", "ls"}), 1);
  EXPECT_THAT(kes.err,
              StartsWith("Error: failed to list keys: failed to verify the certificate of https://"));
  EXPECT_THAT(kes.err, HasSubstr("SSL_CERT_FILE"));
  EXPECT_TRUE(server.asked().empty());
}

}  // namespace
}  // namespace kes::cli
