#include "client.h"
#include "h1_answer.h"

namespace kes::load {
namespace {

// http/1.1: one request at a time.
class H1Client final : public Client {
 public:
  H1Client(TlsConnection connection, Driver& driver) : connection_(std::move(connection)), driver_(driver) {}

  TlsConnection& connection() noexcept override { return connection_; }
  unsigned inFlight() const noexcept override { return waiting_ ? 1 : 0; }
  unsigned capacity() const noexcept override { return 1; }

  void submit(RequestPtr request, Clock::time_point since) override {
    output_ = std::move(request);
    since_ = since;
    waiting_ = true;
  }

  bool flush() override {
    const RequestPtr request = std::move(output_);
    output_ = nullptr;
    return request == nullptr || connection_.send(request->http1);
  }

  bool onReadable() override {
    if (!connection_.receive(input_)) {
      driver_.failed("connection closed");
      return false;
    }
    const auto answer = firstAnswer(input_);
    if (!answer) return true;
    waiting_ = false;
    driver_.answered(*this, answer->status, answer->body, since_);
    input_.erase(0, answer->size);
    return flush();
  }

 private:
  TlsConnection connection_;
  Driver& driver_;
  RequestPtr output_;
  std::string input_;
  Clock::time_point since_;
  bool waiting_ = false;
};

}  // namespace

std::unique_ptr<Client> makeH1Client(TlsConnection connection, Driver& driver) {
  return std::make_unique<H1Client>(std::move(connection), driver);
}

}  // namespace kes::load
