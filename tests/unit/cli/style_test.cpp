#include "cli/style.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace kes::cli {
namespace {

std::string painted(bool terminal, const std::map<std::string, std::string>& variables,
                    ColorWhen when = ColorWhen::automatic) {
  std::ostringstream stream;
  const Console console{.out = stream,
                        .err = stream,
                        .outIsTerminal = terminal,
                        .environment = [&](const std::string& name) -> std::optional<std::string> {
                          const auto it = variables.find(name);
                          return it == variables.end() ? std::nullopt : std::optional(it->second);
                        }};
  return Style::forOutput(console, when).paint(Role::endpoint, "x");
}

const std::string kPlain = "x";
const std::string kBasic = "\x1b[1;36mx\x1b[0m";
const std::string kFull = "\x1b[1;38;5;37mx\x1b[0m";

TEST(Style, coloursATerminalAsFarAsItCan) {
  EXPECT_EQ(painted(true, {{"TERM", "xterm-256color"}}), kFull);
  EXPECT_EQ(painted(true, {{"TERM", "xterm"}, {"COLORTERM", "truecolor"}}), kFull);
  EXPECT_EQ(painted(true, {{"TERM", "xterm"}}), kBasic);
  EXPECT_EQ(painted(true, {{"TERM", "dumb"}}), kPlain);
  EXPECT_EQ(painted(true, {}), kPlain);
}

TEST(Style, leavesPipesAlone) {
  EXPECT_EQ(painted(false, {{"TERM", "xterm-256color"}}), kPlain);
}

TEST(Style, followsTheEnvironment) {
  EXPECT_EQ(painted(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}), kPlain);
  EXPECT_EQ(painted(true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}), kBasic);
  EXPECT_EQ(painted(true, {{"TERM", "xterm"}, {"CLICOLOR", "0"}}), kPlain);
  EXPECT_EQ(painted(false, {{"CLICOLOR_FORCE", "1"}}), kBasic);
  EXPECT_EQ(painted(false, {{"CLICOLOR_FORCE", "0"}}), kPlain);
  EXPECT_EQ(painted(false, {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}), kPlain);
}

TEST(Style, theOptionBeatsTheEnvironment) {
  EXPECT_EQ(painted(false, {{"NO_COLOR", "1"}}, ColorWhen::always), kFull);
  EXPECT_EQ(painted(true, {{"TERM", "xterm"}, {"CLICOLOR_FORCE", "1"}}, ColorWhen::never), kPlain);
}

}  // namespace
}  // namespace kes::cli
