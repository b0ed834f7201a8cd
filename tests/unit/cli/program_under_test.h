#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program.h"

namespace kes::cli {

// The program with a made-up environment and terminal, and what it printed.
class ProgramUnderTest {
 public:
  // Runs the program and returns its exit code; `out` and `err` are of this run.
  int run(const std::vector<std::string>& arguments) {
    std::ostringstream output;
    std::ostringstream errors;
    prompts.clear();
    Console console{
        .out = output,
        .err = errors,
        .outIsTerminal = onTerminal,
        .errIsTerminal = false,
        .environment = [this](const std::string& name) -> std::optional<std::string> {
          const auto it = environment.find(name);
          return it == environment.end() ? std::nullopt : std::optional(it->second);
        },
        .askPassword = [this](std::string_view prompt) -> base::Outcome<base::Secret> {
          prompts.emplace_back(prompt);
          if (prompts.size() > passwords.size()) return base::fail("reading password: nobody answers");
          return base::Secret::copyOf(base::bytesOf(passwords[prompts.size() - 1]));
        },
    };
    const int code = runProgram(arguments, console);
    out = output.str();
    err = errors.str();
    return code;
  }

  std::map<std::string, std::string> environment;
  bool onTerminal = false;
  std::vector<std::string> passwords;

  std::string out;
  std::string err;
  std::vector<std::string> prompts;
};

}  // namespace kes::cli
