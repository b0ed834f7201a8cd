#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace kes::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Parsed {
  std::expected<std::vector<std::string>, int> positional;
  bool insecure = false;
  std::optional<std::string> enclave;
  std::vector<std::string> addresses;
  ColorWhen color = ColorWhen::automatic;
  std::string err;
};

Parsed parse(const std::vector<std::string>& arguments) {
  Parsed parsed;
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err, .environment = [](const std::string&) { return std::nullopt; }};
  CommandLine line("kes test", "Usage: test\n");
  line.flag("-k,--insecure", parsed.insecure)
      .option("-e,--enclave", parsed.enclave)
      .list("--ip", parsed.addresses)
      .color(parsed.color);
  parsed.positional = line.parse(arguments, console);
  parsed.err = err.str();
  return parsed;
}

TEST(CommandLine, mixesOptionsAndArguments) {
  const Parsed parsed = parse({"a", "-k", "b", "--enclave", "e", "c"});
  EXPECT_THAT(*parsed.positional, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(parsed.insecure);
  EXPECT_EQ(parsed.enclave, "e");
}

TEST(CommandLine, takesValuesInEveryGnuForm) {
  for (const std::vector<std::string>& form : std::vector<std::vector<std::string>>{
           {"-e", "x"}, {"-ex"}, {"-e=x"}, {"--enclave", "x"}, {"--enclave=x"}, {"-kex"}, {"-ke", "x"}}) {
    const Parsed parsed = parse(form);
    ASSERT_TRUE(parsed.positional) << form[0] << ": " << parsed.err;
    EXPECT_THAT(*parsed.positional, IsEmpty()) << form[0];
    EXPECT_EQ(parsed.enclave, "x") << form[0];
  }
}

TEST(CommandLine, anEmptyValueAfterTheEqualsSignIsAValue) {
  const Parsed parsed = parse({"--enclave=", "name"});
  EXPECT_EQ(parsed.enclave, "");
  EXPECT_THAT(*parsed.positional, ElementsAre("name"));
}

TEST(CommandLine, switchesTakeTrueAndFalse) {
  EXPECT_TRUE(parse({"--insecure=true"}).insecure);
  EXPECT_TRUE(parse({"-k=true"}).insecure);
  EXPECT_FALSE(parse({"-k", "--insecure=false"}).insecure);
  EXPECT_TRUE(parse({"-k", "-k"}).insecure);
}

TEST(CommandLine, theLastOfEqualOptionsCounts) {
  EXPECT_EQ(parse({"-e", "a", "-e", "b"}).enclave, "b");
}

TEST(CommandLine, listsAreRepeatedOrCommaSeparatedAndLeaveArgumentsAlone) {
  const Parsed parsed = parse({"--ip", "1,2", "--ip=3", "name"});
  EXPECT_THAT(parsed.addresses, ElementsAre("1", "2", "3"));
  EXPECT_THAT(*parsed.positional, ElementsAre("name"));
}

TEST(CommandLine, argumentsAreTakenAsTheyStand) {
  const Parsed parsed = parse({"[a,b]", "", "-", "{}", "a=b", "%T", "x,y"});
  EXPECT_THAT(*parsed.positional, ElementsAre("[a,b]", "", "-", "{}", "a=b", "%T", "x,y"));
}

TEST(CommandLine, nothingIsAnOptionBehindTwoDashes) {
  const Parsed parsed = parse({"a", "--", "-k", "--", "--help"});
  EXPECT_THAT(*parsed.positional, ElementsAre("a", "-k", "--", "--help"));
  EXPECT_FALSE(parsed.insecure);
}

TEST(CommandLine, colorsAreNamedInAnyCase) {
  EXPECT_EQ(parse({"--color", "always"}).color, ColorWhen::always);
  EXPECT_EQ(parse({"--color=NEVER"}).color, ColorWhen::never);
  EXPECT_EQ(parse({"--color", "Auto"}).color, ColorWhen::automatic);
}

TEST(CommandLine, refusesWhatItDoesNotKnowInOneLineAndExitsWith1) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--foo"}, "unknown flag: --foo"},
      {{"--foo=bar"}, "unknown flag: --foo"},
      {{"-x"}, "unknown shorthand flag: 'x' in -x"},
      {{"a", "--enclave"}, "flag needs an argument: --enclave"},
      {{"--color", "some"}, "invalid argument \"some\" for \"--color\" flag: invalid color option"},
  };
  for (const auto& [arguments, text] : cases) {
    const Parsed parsed = parse(arguments);
    ASSERT_FALSE(parsed.positional) << text;
    EXPECT_EQ(parsed.positional.error(), 1);
    EXPECT_EQ(parsed.err, "Error: " + text + ". See 'kes test --help'\n");
  }
  EXPECT_FALSE(parse({"--insecure=perhaps"}).positional);
}

TEST(CommandLine, helpIsTheUsageOnStderrAndExitsWith2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"-h"}, {"--help"}, {"a", "-kh"}}) {
    const Parsed parsed = parse(arguments);
    ASSERT_FALSE(parsed.positional);
    EXPECT_EQ(parsed.positional.error(), 2);
    EXPECT_EQ(parsed.err, "Usage: test\n");
  }
}

}  // namespace
}  // namespace kes::cli
