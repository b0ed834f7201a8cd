#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <strings.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "http/server.h"
#include "keystore/keystore.h"
#include "observe/log.h"

namespace kes::api {

// A log that nobody reads.
struct SilentLog {
  struct Null {
    int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ~Null() { ::close(fd); }
  };
  Null null;  // before the log, whose thread may write until the end
  observe::Log log{{}, std::nullopt, {}, null.fd, null.fd};
};

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
  std::string_view header(std::string_view name) const noexcept override {
    const auto found = requestHeaders.find(std::string(name));
    return found == requestHeaders.end() ? std::string_view() : found->second;
  }
  std::size_t headerCount(std::string_view name) const noexcept override {
    return requestHeaders.count(std::string(name));
  }
  std::optional<std::uint64_t> contentLength() const noexcept override {
    return chunked ? std::nullopt : std::optional<std::uint64_t>(body_.size());
  }
  const http::Peer& peer() const noexcept override { return peer_; }
  void setPeer(http::Peer peer) override { peer_ = std::move(peer); }
  base::SteadyTime startedAt() const noexcept override { return started; }
  void readBody(std::size_t limit) override { bodyLimit = limit; }
  base::ByteSpan body() noexcept override {
    return {reinterpret_cast<std::uint8_t*>(body_.data()), body_.size()};
  }
  bool bodyTruncated() const noexcept override { return truncated; }
  http::Deferred defer(base::SteadyTime until) override {
    deferred = true;
    deadline = until;
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
  http::Deferred stream(int code, std::string_view type, std::span<const Header>) override {
    EXPECT_EQ(status, 0) << "answered twice";
    status = code;
    contentType = type;
    return {};
  }
  void write(std::string_view piece) override { answer += piece; }
  bool congested() const override { return full; }
  void end() override { ended = true; }

  base::SteadyTime started = base::SteadyClock::now();
  struct IgnoringCase {
    bool operator()(const std::string& a, const std::string& b) const {
      return ::strcasecmp(a.c_str(), b.c_str()) < 0;
    }
  };
  std::multimap<std::string, std::string, IgnoringCase> requestHeaders;
  bool chunked = false;
  bool truncated = false;
  bool deferred = false;
  base::SteadyTime deadline = {};  // of a deferred one
  bool full = false;               // the client does not take the pieces of its answer
  bool ended = false;              // such an answer
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

// A store without a cache that answers a read when it is told to, and nothing else.
class HeldStore final : public keystore::KeyStore {
 public:
  void fetch(std::string_view, const keystore::Call&, keystore::Done<keystore::KeyPtr> done) override {
    reads_.push_back(std::move(done));
  }
  void reread(std::string_view, const keystore::Call&, keystore::Done<keystore::KeyPtr> done) override {
    reads_.push_back(std::move(done));
  }
  void create(std::string_view, crypto::StoredKey, const keystore::Call&, keystore::Done<void>) override {}
  void remove(std::string_view, const keystore::Call&, keystore::Done<void>) override {}
  void list(std::string_view, std::string_view, std::size_t, const keystore::Call&,
            keystore::Done<keystore::Listing>) override {}
  void status(const keystore::Call&, keystore::Done<std::chrono::nanoseconds>) override {}
  std::string description() const override { return "held"; }
  keystore::StoreCounters counters() const override { return counted; }
  std::size_t close(base::SteadyTime) override { return 0; }

  // Answers the oldest read.
  void answer() {
    auto done = std::move(reads_.front());
    reads_.pop_front();
    done(std::unexpected(base::ErrorCode::keyNotFound));
  }

  keystore::StoreCounters counted;

 private:
  std::deque<keystore::Done<keystore::KeyPtr>> reads_;
};

}  // namespace kes::api
