#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace kes::http {

// Watches what an HTTP/2 client sends for errors that nghttp2 lets pass: it forgets closed streams and reads
// no priorities. A client that sends on a stream it has ended or skipped, or PRIORITY that makes no sense, is
// mistaken or up to something (RFC 9113 §5.1, §5.1.1, §6.3; RFC 7540 §5.3.1). Nothing that is still under way
// when the server resets a stream or says GOAWAY is an error, for it is what the client has said itself that
// counts.
class H2FrameWatch {
 public:
  struct Verdict {
    std::size_t sound;    // bytes before the offending frame; all of them when there is none
    std::uint32_t error;  // NGHTTP2_NO_ERROR, or what to end the connection with
  };
  // Looks at the next bytes of the connection, from its preface on. Not to be asked again after an error.
  [[nodiscard]] Verdict follow(base::ByteView input);

 private:
  static constexpr std::size_t kPreface = 24;
  static constexpr std::size_t kHead = 9;
  static constexpr std::size_t kDependency = 4;  // the part of a PRIORITY frame's payload that is looked at

  [[nodiscard]] std::size_t length() const noexcept;
  [[nodiscard]] bool isPriority() const noexcept;
  [[nodiscard]] std::uint32_t judge();
  [[nodiscard]] std::uint32_t sentOn(std::int32_t stream, bool ends);
  void open(std::int32_t stream);

  std::array<std::uint8_t, kHead + kDependency> head_{};  // of the frame that is arriving
  std::size_t have_ = 0;
  std::size_t skip_ = kPreface;     // bytes up to the next frame
  std::int32_t newest_ = 0;         // stream that the client has opened
  std::int32_t forgotten_ = 0;      // of this and older streams it is not known whether they are open
  std::vector<std::int32_t> open_;  // on the client's side, ascending
};

}  // namespace kes::http
