#include "cli/identity_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/secret.h"

namespace kes::cli {
namespace {

struct Line {
  std::string_view indent;
  std::string_view text;
  bool strong = false;
};

// The lines as a block of their widest one's width, with a margin of one blank around it.
std::string block(std::initializer_list<Line> lines, const Style& style) {
  std::size_t width = 0;
  for (const Line& line : lines) width = std::max(width, line.indent.size() + line.text.size());
  std::string out;
  out.reserve((width + 16) * (lines.size() + 2));
  const auto blank = [&] { out.append(width + 2, ' ').append("\n"); };
  blank();
  for (const Line& line : lines) {
    const std::size_t used = line.indent.size() + line.text.size();
    out.append(" ").append(line.indent);
    if (line.strong) {
      std::string painted = style.paint(Role::strong, line.text);
      out += painted;
      base::wipe(painted);
    } else {
      out += line.text;
    }
    out.append(width - used + 1, ' ').append("\n");
  }
  blank();
  return out;
}

}  // namespace

std::string newIdentityText(std::string_view apiKey, std::string_view identity, const IdentityFiles& files) {
  std::string out;
  out.reserve(1024 + 2 * (files.key.size() + files.certificate.size()));
  out.append("Your API key:\n\n   ").append(apiKey);
  out.append("\n\nThis is the only time it is shown. Keep it secret and secure!\n\n");
  out.append("Your Identity:\n\n   ").append(identity);
  out.append("\n\nThe identity is not a secret. It can be shared. Any peer\n");
  out.append("needs this identity in order to verify your API key.\n\n");
  if (!files.key.empty()) {
    out.append("The generated TLS private key is stored at: ").append(files.key);
    out.append("\nThe generated TLS certificate is stored at: ").append(files.certificate).append("\n\n");
  }
  out.append("The identity can be computed again via:\n\n    kes identity of ").append(apiKey).append("\n");
  if (!files.certificate.empty()) out.append("    kes identity of ").append(files.certificate);
  return out.append("\n");
}

std::string apiKeyText(std::string_view apiKey, std::string_view identity, const Style& style) {
  return block({{"", "Your API key:"},
                {"", ""},
                {"   ", apiKey, true},
                {"", ""},
                {"", "This is the only time it is shown. Keep it secret and secure!"},
                {"", ""},
                {"", "Your API key's identity:"},
                {"", ""},
                {"   ", identity, true},
                {"", ""},
                {"", "The identity is not a secret and can be shared securely."},
                {"", "Peers need your identity in order to verify your API key."},
                {"", ""},
                {"", "This identity can be re-computed again via:"},
                {"", ""},
                {"  $ kes identity ", apiKey}},
               style);
}

std::string apiKeyOfFileText(std::string_view apiKey, std::string_view file, const Style& style) {
  const std::string source = fmt::format("It corresponds to the private key in: {}.", file);
  return block({{"", "Your API key:"},
                {"", ""},
                {"   ", apiKey, true},
                {"", ""},
                {"", source},
                {"", "Keep it secret and secure!"}},
               style);
}

std::string identityText(std::string_view identity, const Style& style) {
  return block({{"", "Identity:"},
                {"", ""},
                {"   ", identity, true},
                {"", ""},
                {"", "An identity is a fingerprint of your API key"},
                {"", "or certificate and can be shared securely."}},
               style);
}

}  // namespace kes::cli
