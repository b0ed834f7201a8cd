// Answers that go out piece by piece.

#include <gtest/gtest.h>

#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

class Stream : public testing::Test {
 protected:
  void write(Deferred& deferred, std::string piece) {
    deferred.post([piece = std::move(piece), this](Exchange* exchange) {
      if (exchange == nullptr) return server_.journal().addEvent("gone");
      exchange->write(piece);
    });
  }
  void end(Deferred& deferred) {
    deferred.post([](Exchange* exchange) {
      if (exchange != nullptr) exchange->end();
    });
  }

  TestServer server_;
  Credential credential_ = makeCredential({});
};

class Http1Stream : public Stream {
 protected:
  H1Client client_{server_.port(), {.credential = &credential_, .protocols = {"http/1.1"}}};
};

TEST_F(Http1Stream, headLeavesBeforeAnyPiece) {
  client_.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");

  const std::string head = client_.receiveUntil("\r\n\r\n");

  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), head.npos) << head;
  EXPECT_EQ(head.find("Content-Length"), head.npos) << head;
}

TEST_F(Http1Stream, eachPieceIsAChunkThatLeavesAtOnce) {
  client_.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  (void)client_.receiveUntil("\r\n\r\n");
  auto deferred = server_.journal().takeDeferred();

  write(deferred, "one\n");
  EXPECT_EQ(client_.receiveUntil("one\n\r\n"), "4\r\none\n\r\n");
  write(deferred, std::string(26, 'x'));
  EXPECT_EQ(client_.receiveUntil("x\r\n"), "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST_F(Http1Stream, connectionServesTheNextRequestAfterTheEnd) {
  client_.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  (void)client_.receiveUntil("\r\n\r\n");
  auto deferred = server_.journal().takeDeferred();
  write(deferred, "one");
  end(deferred);

  EXPECT_EQ(client_.receiveUntil("0\r\n\r\n"), "3\r\none\r\n0\r\n\r\n");
  EXPECT_EQ(client_.response().body, "hello\n");
  write(deferred, "late");
  EXPECT_TRUE(server_.journal().sawEvent("gone"));
}

TEST_F(Http1Stream, clientOfVersion10GetsNoChunks) {
  client_.send("GET /stream HTTP/1.0\r\n\r\n");
  auto deferred = server_.journal().takeDeferred();
  write(deferred, "one");
  write(deferred, "two");
  end(deferred);

  const std::string all = client_.receiveAll();

  EXPECT_TRUE(all.ends_with("\r\n\r\nonetwo")) << all;
  EXPECT_EQ(all.find("chunked"), all.npos) << all;
}

TEST_F(Http1Stream, handlerHearsOfAClientThatGoes) {
  {
    H1Client other(server_.port(), {.credential = &credential_, .protocols = {"http/1.1"}});
    other.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)other.receiveUntil("\r\n\r\n");
  }

  EXPECT_TRUE(server_.journal().sawEvent("abandoned /stream"));
}

TEST_F(Http1Stream, endsInGoodOrderWhenTheServerStops) {
  client_.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  (void)client_.receiveUntil("\r\n\r\n");
  auto deferred = server_.journal().takeDeferred();
  write(deferred, "one");
  EXPECT_EQ(client_.receiveUntil("one\r\n"), "3\r\none\r\n");

  const auto before = base::SteadyClock::now();
  server_->stop(before + std::chrono::seconds(30));

  EXPECT_LT(base::SteadyClock::now() - before, std::chrono::seconds(15));
  EXPECT_EQ(client_.receiveAll(), "0\r\n\r\n");
  EXPECT_TRUE(server_.journal().sawEvent("abandoned /stream"));
}

TEST_F(Http1Stream, tellsWhenTheClientDoesNotRead) {
  client_.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  (void)client_.receiveUntil("\r\n\r\n");
  auto deferred = server_.journal().takeDeferred();

  deferred.post([this](Exchange* exchange) {
    const std::string piece(64 * 1024, 'x');
    for (int i = 0; i < 1000 && !exchange->congested(); ++i) exchange->write(piece);
    server_.journal().addEvent(exchange->congested() ? "congested" : "never congested");
  });

  EXPECT_TRUE(server_.journal().sawEvent("congested"));
}

class Http2Stream : public Stream {
 protected:
  std::int32_t start() {
    const auto stream = client_.submit({.target = "/stream"});
    client_.flush();
    return stream;
  }

  H2Client client_{server_.port(), {.credential = &credential_, .protocols = {"h2"}}};
};

TEST_F(Http2Stream, piecesArriveOneByOne) {
  const auto stream = start();
  auto deferred = server_.journal().takeDeferred();
  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).status == 200; }));
  EXPECT_FALSE(client_.response(stream).headers.contains("content-length"));

  write(deferred, "one");
  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).body == "one"; }));
  write(deferred, "two");
  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).body == "onetwo"; }));
  EXPECT_FALSE(client_.response(stream).complete);
  end(deferred);
  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).complete; }));
}

TEST_F(Http2Stream, otherRequestsGoOnBesideIt) {
  const auto stream = start();
  auto deferred = server_.journal().takeDeferred();

  EXPECT_EQ(client_.fetch({}).body, "hello\n");

  write(deferred, "one");
  EXPECT_TRUE(client_.runUntil([&] { return client_.response(stream).body == "one"; }));
}

TEST_F(Http2Stream, longPiecesPassFlowControl) {
  const auto stream = start();
  auto deferred = server_.journal().takeDeferred();
  const std::string piece(300'000, 'x');

  write(deferred, piece);
  write(deferred, piece);
  end(deferred);

  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).complete; }));
  EXPECT_EQ(client_.response(stream).body, piece + piece);
}

TEST_F(Http2Stream, handlerHearsOfAClientThatResetsIt) {
  const auto stream = start();
  auto deferred = server_.journal().takeDeferred();
  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).status == 200; }));

  client_.reset(stream, NGHTTP2_CANCEL);
  EXPECT_EQ(client_.fetch({}).status, 200);

  EXPECT_TRUE(server_.journal().sawEvent("abandoned /stream"));
}

TEST_F(Http2Stream, endsInGoodOrderWhenTheServerStops) {
  const auto stream = start();
  auto deferred = server_.journal().takeDeferred();
  ASSERT_TRUE(client_.runUntil([&] { return client_.response(stream).status == 200; }));

  const auto before = base::SteadyClock::now();
  server_->stop(before + std::chrono::seconds(30));

  EXPECT_LT(base::SteadyClock::now() - before, std::chrono::seconds(15));
  EXPECT_TRUE(client_.runUntil([&] { return client_.response(stream).complete; }));
}

}  // namespace
}  // namespace kes::http::test
