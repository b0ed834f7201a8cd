#include "client/line_stream.h"

#include <fmt/format.h>

#include <streambuf>

namespace kes::client {

Result<std::optional<std::string>> LineStream::next() {
  try {
    return read();
  } catch (const Poco::Exception& exception) {
    return std::unexpected(explain_(exception));
  }
}

// Reads from the buffer itself: the stream would swallow the exception that says why there is no more.
Result<std::optional<std::string>> LineStream::read() {
  using Traits = std::streambuf::traits_type;
  std::string line;
  for (;;) {
    const auto c = in_.rdbuf()->sbumpc();
    if (Traits::eq_int_type(c, Traits::eof())) break;
    if (c != '\n') {
      line += Traits::to_char_type(c);
    } else if (!line.empty()) {
      return line;
    }
    if (line.size() > kMaxLine) {
      return std::unexpected(
          Error{Failure::malformed, 0, fmt::format("a line is longer than {} bytes", kMaxLine)});
    }
  }
  if (line.empty()) return std::nullopt;
  return std::unexpected(Error{Failure::unreachable, 0, "the server broke off within a line"});
}

}  // namespace kes::client
