#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kes::load {

// The first answer in what an http/1.1 connection has delivered, if all of it is there. Answers with a
// content length only, and with heads as the servers write them: this is no parser for strangers.
struct H1Answer {
  int status = 0;
  std::string_view body;
  std::size_t size = 0;  // head and body
};

[[nodiscard]] inline std::optional<H1Answer> firstAnswer(std::string_view input) {
  const std::size_t head = input.find("\r\n\r\n");
  if (head == input.npos) return std::nullopt;
  std::size_t length = 0;
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t at = input.substr(0, head).find(name);
    if (at != input.npos) std::from_chars(input.data() + at + name.size(), input.data() + head, length);
  }
  if (input.size() < head + 4 + length) return std::nullopt;
  H1Answer answer{.status = 0, .body = input.substr(head + 4, length), .size = head + 4 + length};
  std::from_chars(input.data() + 9, input.data() + 12, answer.status);
  return answer;
}

}  // namespace kes::load
