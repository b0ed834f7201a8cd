#include "handshakes.h"

#include <utility>
#include <vector>

#include "http/server.h"
#include "http/tls_library.h"
#include "support/inner_server.h"

namespace kes::instructions {
namespace {

constexpr std::size_t kMostConnections = 16;

}  // namespace

Handshakes::Handshakes(http::EventLoop& loop, std::shared_ptr<http::TlsSource> tls)
    : listener_(bench::valueOf(http::Listener::bind("127.0.0.1", 0))),
      handshaker_(
          std::make_unique<http::Handshaker>(http::Limits(), std::move(tls), *listener_,
                                             std::make_shared<http::ConnectionQuotas>(kMostConnections),
                                             std::vector{&loop}, bench::InnerServer::complain)) {
  thread_ = std::thread([this] {
    http::useTlsAlgorithmsOnly();
    handshaker_->run();
  });
}

Handshakes::~Handshakes() {
  handshaker_->stop();
  thread_.join();
}

}  // namespace kes::instructions
