#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "client/error.h"
#include "client/line_stream.h"
#include "client/settings.h"

namespace kes::client {

// The largest answer that is read, other than that of `version`.
inline constexpr std::size_t kMaxAnswer = 1 << 20;

// Text that may hold secrets and is wiped when it dies. Reserve what it needs before filling it: growing
// leaves a copy behind.
struct WipedText {
  WipedText() = default;
  WipedText(WipedText&& other) noexcept { text.swap(other.text); }
  WipedText& operator=(WipedText&&) = delete;
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { base::wipe(text); }

  std::string text;
};

struct Request {
  // May a request that perhaps arrived be sent once more?
  enum class Repeat : std::uint8_t { freely, ifNothingWasDone };
  // As a whole, or line by line as it comes, for which a server may take all the time it wants?
  enum class Answer : std::uint8_t { whole, lines };

  std::string method;
  std::string path;                 // percent-encoded
  const WipedText* body = nullptr;  // JSON, or null for none
  Repeat repeat = Repeat::freely;
  std::size_t limit = kMaxAnswer;
  Answer answer = Answer::whole;
};

struct Response {
  std::string contentType;
  base::Secret body;
  std::unique_ptr<LineStream> lines;  // in place of the body, where lines were asked for
};

// Sends requests over HTTP/1.1 and TLS, to the first endpoint that takes them. Not thread-safe; blocks.
// POCO and OpenSSL keep fragments of what went through their own buffers, which are not ours to wipe.
class Transport {
 public:
  explicit Transport(Settings settings);
  Transport(Transport&&) noexcept;
  Transport& operator=(Transport&&) noexcept;
  ~Transport();

  // The answer with status 200; everything else is an error.
  [[nodiscard]] Result<Response> send(const Request& request);

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

 private:
  class Connection;
  struct Attempt;

  [[nodiscard]] Attempt sendToAny(const Request& request);
  void pause() const;

  Settings settings_;
  std::vector<std::unique_ptr<Connection>> connections_;  // one per endpoint
  std::size_t current_ = 0;
};

}  // namespace kes::client
