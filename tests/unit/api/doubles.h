#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "http/server.h"

namespace kes::api {

// One request as a handler sees it, with the answer kept for the test to look at.
class FakeExchange final : public http::Exchange {
 public:
  FakeExchange(std::string method, std::string target, std::string body = {}, std::string identity = "client")
      : method_(std::move(method)), target_(std::move(target)), body_(std::move(body)) {
    peer_.identity = std::move(identity);
    peer_.address = "127.0.0.1";
    if (peer_.identity.empty()) peer_.error = base::ErrorCode::noClientCertificate;
  }

  std::string_view method() const noexcept override { return method_; }
  std::string_view target() const noexcept override { return target_; }
  std::string_view header(std::string_view) const noexcept override { return {}; }
  std::size_t headerCount(std::string_view) const noexcept override { return 0; }
  std::optional<std::uint64_t> contentLength() const noexcept override {
    return chunked ? std::nullopt : std::optional<std::uint64_t>(body_.size());
  }
  const http::Peer& peer() const noexcept override { return peer_; }
  base::SteadyTime startedAt() const noexcept override { return base::SteadyClock::now(); }
  void readBody(std::size_t limit) override { bodyLimit = limit; }
  base::ByteSpan body() noexcept override {
    return {reinterpret_cast<std::uint8_t*>(body_.data()), body_.size()};
  }
  bool bodyTruncated() const noexcept override { return false; }
  http::Deferred defer(base::SteadyTime) override {
    deferred = true;
    return {};
  }
  void respond(int code, std::string_view type, std::string_view text,
               std::span<const Header> extra) override {
    EXPECT_EQ(status, 0) << "answered twice";
    status = code;
    contentType = type;
    answer = text;
    for (const Header& header : extra) headers[std::string(header.name)] = header.value;
  }

  bool chunked = false;
  bool deferred = false;
  std::optional<std::size_t> bodyLimit;
  int status = 0;
  std::string contentType;
  std::string answer;
  std::map<std::string, std::string> headers;

 private:
  std::string method_;
  std::string target_;
  std::string body_;
  http::Peer peer_;
};

}  // namespace kes::api
