#include "cli/command_line.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <map>

namespace kes::cli {
namespace {

const std::map<std::string, ColorWhen> kColors = {
    {"auto", ColorWhen::automatic}, {"always", ColorWhen::always}, {"never", ColorWhen::never}};

// The text for an argument that no option answers to.
std::string unknownFlag(std::string_view argument) {
  if (argument.starts_with("--")) {
    return fmt::format("unknown flag: {}", argument.substr(0, argument.find('=')));
  }
  return fmt::format("unknown shorthand flag: '{}' in {}", argument[1], argument);
}

}  // namespace

CommandLine::CommandLine(std::string command, std::string usage)
    : command_(std::move(command)), usage_(std::move(usage)), app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag();
  app_->allow_extras();  // positional arguments: CLI11 would take "[a,b]" apart as a list
  app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  flag("-h,--help", help_);
}

CommandLine::~CommandLine() = default;

CommandLine& CommandLine::flag(const std::string& names, bool& target) {
  app_->add_flag(names, target)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  return *this;
}

CommandLine& CommandLine::option(const std::string& names, std::optional<std::string>& target) {
  app_->add_option_function<std::string>(names, [&target](const std::string& value) { target = value; });
  return *this;
}

CommandLine& CommandLine::list(const std::string& names, std::vector<std::string>& target) {
  app_->add_option(names, target)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->delimiter(',');
  return *this;
}

CommandLine& CommandLine::color(ColorWhen& target) {
  app_->add_option_function<std::string>("--color", [&target](const std::string& value) {
    std::string word = value;
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto color = kColors.find(word);
    if (color == kColors.end()) {
      throw CLI::ValidationError(
          fmt::format("invalid argument \"{}\" for \"--color\" flag: invalid color option", value));
    }
    target = color->second;
  });
  return *this;
}

std::expected<std::vector<std::string>, int> CommandLine::parse(Arguments arguments, Console& console) {
  const auto mark = std::ranges::find(arguments, "--");
  const auto split = static_cast<std::size_t>(mark - arguments.begin());
  std::vector<std::string> options = normalized(arguments.first(split));
  std::ranges::reverse(options);  // CLI11 takes arguments off the back
  try {
    app_->parse(std::move(options));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();
    return std::unexpected(
        refuse(console, fmt::format("flag needs an argument: {}", text.substr(0, text.find(':')))));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(refuse(console, error.what()));
  }
  std::vector<std::string> positional = app_->remaining();
  for (const std::string& argument : positional) {
    if (argument.size() > 1 && argument.front() == '-') {
      return std::unexpected(refuse(console, unknownFlag(argument)));
    }
  }
  if (help_) return std::unexpected(showUsage(console, usage_));
  if (mark != arguments.end()) positional.insert(positional.end(), mark + 1, arguments.end());
  return positional;
}

int CommandLine::refuse(Console& console, std::string_view text) const {
  return fail(console, fmt::format("{}. See '{} --help'", text, command_));
}

// Writes "-k=true" as "--insecure=true" and "--addr=" as two arguments, which CLI11 would both misread.
std::vector<std::string> CommandLine::normalized(Arguments arguments) const {
  std::vector<std::string> out;
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.ends_with('=') && argument.size() > 3) {
      out.push_back(argument.substr(0, argument.size() - 1));
      out.emplace_back();
      continue;
    }
    const bool isShort =
        argument.size() > 2 && argument[0] == '-' && argument[1] != '-' && argument[2] == '=';
    const CLI::Option* option = isShort ? app_->get_option_no_throw(argument.substr(0, 2)) : nullptr;
    const bool hasLong = option != nullptr && !option->get_lnames().empty();
    out.push_back(hasLong ? fmt::format("--{}{}", option->get_lnames().front(), argument.substr(2))
                          : argument);
  }
  return out;
}

}  // namespace kes::cli
