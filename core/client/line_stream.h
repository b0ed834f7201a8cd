#pragma once

#include <Poco/Net/HTTPSClientSession.h>

#include <cstddef>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "client/error.h"

namespace kes::client {

// An answer that arrives line by line for as long as the server likes. Not thread-safe.
class LineStream {
 public:
  // A longer line is an error.
  static constexpr std::size_t kMaxLine = 1 << 20;

  // `in` is the answer's body on `session`; `explain` makes an error of what POCO throws.
  using Explain = std::function<Error(const Poco::Exception&)>;
  LineStream(std::unique_ptr<Poco::Net::HTTPSClientSession> session, std::istream& in, Explain explain)
      : session_(std::move(session)), in_(in), explain_(std::move(explain)) {}
  LineStream(const LineStream&) = delete;
  LineStream& operator=(const LineStream&) = delete;

  // The next line that is not empty, without its line break; nothing at the end of the answer. Blocks until
  // there is one. An answer that ends within a line was broken off, which is an error.
  [[nodiscard]] Result<std::optional<std::string>> next();

 private:
  [[nodiscard]] Result<std::optional<std::string>> read();

  std::unique_ptr<Poco::Net::HTTPSClientSession> session_;
  std::istream& in_;
  Explain explain_;
};

}  // namespace kes::client
