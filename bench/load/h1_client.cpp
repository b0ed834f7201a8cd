#include <fmt/format.h>

#include <charconv>

#include "client.h"

namespace kes::load {
namespace {

// http/1.1: one request at a time, answers with a content length.
class H1Client final : public Client {
 public:
  H1Client(TlsConnection connection, const Request& request, Report& report)
      : connection_(std::move(connection)), report_(report) {
    text_ = fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        request.method, request.path, request.authority, request.body.size(), request.body);
  }

  TlsConnection& connection() override { return connection_; }

  void start() override {
    sentAt_ = Clock::now();
    if (!connection_.send(text_)) report_.failed("connection broke");
  }

  bool onReadable() override {
    if (!connection_.receive(input_)) {
      report_.failed("connection closed");
      return false;
    }
    const std::size_t head = input_.find("\r\n\r\n");
    if (head == input_.npos) return true;
    const std::size_t length = contentLength(std::string_view(input_).substr(0, head));
    if (input_.size() < head + 4 + length) return true;
    int status = 0;
    std::from_chars(input_.data() + 9, input_.data() + 12, status);
    report_.answered(status, std::string_view(input_).substr(head + 4, length), sentAt_);
    input_.erase(0, head + 4 + length);
    start();
    return true;
  }

 private:
  static std::size_t contentLength(std::string_view head) {
    for (std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      const std::size_t at = head.find(name);
      if (at == head.npos) continue;
      std::size_t length = 0;
      std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
      return length;
    }
    return 0;
  }

  TlsConnection connection_;
  Report& report_;
  std::string text_;
  std::string input_;
  Clock::time_point sentAt_;
};

}  // namespace

std::unique_ptr<Client> makeH1Client(TlsConnection connection, const Request& request, Report& report) {
  return std::make_unique<H1Client>(std::move(connection), request, report);
}

}  // namespace kes::load
