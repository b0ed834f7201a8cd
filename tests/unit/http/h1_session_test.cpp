#include "http/h1_session.h"

#include <gtest/gtest.h>

#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

class Http1 : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<H1Client> connect() {
    return std::make_unique<H1Client>(server_.port(),
                                      ClientOptions{.credential = &credential_, .protocols = {"http/1.1"}});
  }
  // What comes back for raw bytes until the server closes.
  [[nodiscard]] std::string exchangeRaw(std::string_view bytes) {
    auto client = connect();
    client->send(bytes);
    return client->receiveAll();
  }

  TestServer server_;
  Credential credential_ = makeCredential({});
};

TEST_F(Http1, everyMethodReachesTheHandler) {
  auto client = connect();
  for (const auto* method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "LIST"}) {
    EXPECT_EQ(client->request(method, "/header", {}, "X-Test: a\r\n").body,
              "a 1 " + std::string(method) + " localhost");
  }
}

TEST_F(Http1, answerCarriesDateTypeAndLength) {
  const auto response = connect()->request("GET", "/hello");

  EXPECT_EQ(response.headers.at("content-type"), "text/plain");
  EXPECT_EQ(response.headers.at("content-length"), "6");
  EXPECT_EQ(response.headers.at("date").size(), 29U);
  EXPECT_FALSE(response.headers.contains("connection"));
}

TEST_F(Http1, emptyAnswerHasLengthZeroAndNoType) {
  auto client = connect();
  client->send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");

  EXPECT_EQ(client->response().headers.at("content-length"), "0");
}

TEST_F(Http1, headGetsTheLengthWithoutTheBody) {
  auto client = connect();

  const auto response = client->request("HEAD", "/hello");

  EXPECT_EQ(response.headers.at("content-length"), "6");
  EXPECT_EQ(client->request("GET", "/hello").body, "hello\n");
}

TEST_F(Http1, extraFieldsAreSentUnlessTheySplitTheAnswer) {
  const auto response = connect()->request("GET", "/extra");

  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(response.headers.at("x-one"), "1");
  EXPECT_EQ(response.headers.at("location"), "/a?b");
  EXPECT_FALSE(response.headers.contains("x-split"));
  EXPECT_FALSE(response.headers.contains("x-evil"));
}

TEST_F(Http1, fieldNamesMatchInAnyCaseAndCountRepeats) {
  const auto response = connect()->request("GET", "/header", {}, "x-TEST: first\r\nX-Test: second\r\n");

  EXPECT_EQ(response.body, "first 2 GET localhost");
}

TEST_F(Http1, absoluteTargetIsReducedToItsPath) {
  EXPECT_EQ(connect()->request("GET", "https://localhost:7373/hello").body, "hello\n");
}

TEST_F(Http1, bodyOfKnownLengthComesBack) {
  const std::string body(300'000, 'x');

  const auto response = connect()->request("PUT", "/echo", body);

  EXPECT_EQ(response.body, body);
  EXPECT_EQ(response.headers.at("x-truncated"), "no");
}

TEST_F(Http1, chunkedBodyComesBackWhateverItsPieces) {
  const std::string_view whole =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: t\r\n\r\n";
  for (const std::size_t step : {std::size_t(1), std::size_t(7), whole.size()}) {
    auto client = connect();
    for (std::size_t at = 0; at < whole.size(); at += step) client->send(whole.substr(at, step));
    EXPECT_EQ(client->response().body, "hello world") << "in pieces of " << step;
    EXPECT_EQ(client->request("GET", "/hello").body, "hello\n");
  }
}

TEST_F(Http1, bodyBeyondTheLimitIsCutAndTheConnectionKept) {
  auto client = connect();

  const auto response = client->request("POST", "/short", "123456789");

  EXPECT_EQ(response.body, "1234");
  EXPECT_EQ(response.headers.at("x-truncated"), "yes");
  EXPECT_EQ(client->request("GET", "/hello").body, "hello\n");
}

TEST_F(Http1, bodyNobodyWantsIsDroppedAndTheConnectionKept) {
  auto client = connect();

  EXPECT_EQ(client->request("POST", "/ignore", std::string(100'000, 'x')).status, 403);
  EXPECT_EQ(client->request("GET", "/hello").body, "hello\n");
}

TEST_F(Http1, largeBodyNobodyWantsClosesTheConnection) {
  auto client = connect();
  client->send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");

  const auto response = client->response();

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_TRUE(client->atEnd());
}

TEST_F(Http1, endlessChunkedBodyNobodyWantsEndsTheConnection) {
  auto client = connect();
  client->send("POST /ignore HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (int i = 0; i < 40; ++i) client->send(chunk);

  EXPECT_EQ(client->response().status, 403);
  EXPECT_TRUE(client->atEnd());
}

TEST_F(Http1, continueIsSentOnlyWhenTheBodyIsWanted) {
  auto client = connect();
  client->send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client->receiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send("ok");
  EXPECT_EQ(client->response().body, "ok");

  client->send("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  const auto refused = client->response();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.headers.at("connection"), "close");
}

TEST_F(Http1, pipelinedRequestsAreAnsweredInOrder) {
  auto client = connect();
  client->send(
      "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /defer HTTP/1.1\r\nHost: h\r\n\r\n"
      "\r\nGET /ignore HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(client->response().body, "hello\n");
  EXPECT_EQ(client->response().body, "abc");
  server_.journal().takeDeferred().post([](Exchange* exchange) { exchange->respond(200, "", "late"); });
  EXPECT_EQ(client->response().body, "late");
  EXPECT_EQ(client->response().body, "ignored");
}

TEST_F(Http1, manyPipelinedRequestsDoNotOverfillTheOutput) {
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += "GET /big/100000 HTTP/1.1\r\nHost: h\r\n\r\n";
  client->send(requests);

  for (int i = 0; i < 20; ++i) EXPECT_EQ(client->response().body.size(), 100'000U);
}

TEST_F(Http1, connectionCloseIsHonoured) {
  auto client = connect();

  const auto response = client->request("GET", "/hello", {}, "Connection: close\r\n");

  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_TRUE(client->atEnd());
}

TEST_F(Http1, version10IsAnsweredAndClosed) {
  const auto answer = exchangeRaw("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello\n"));
}

struct BadRequest {
  const char* name;
  std::string bytes;
  const char* status;
};

class Http1Refuses : public Http1, public testing::WithParamInterface<BadRequest> {};

TEST_P(Http1Refuses, andCloses) {
  const auto answer = exchangeRaw(GetParam().bytes);

  EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + GetParam().status + " ")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(server_.journal().sawError("http: "));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Http1Refuses,
    testing::Values(
        BadRequest{"LengthBesideChunked",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n0\r\n\r\n",
                   "400"},
        BadRequest{"ChunkedBesideLength",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: "
                   "3\r\n\r\n0\r\n\r\n",
                   "400"},
        BadRequest{"TwoLengths",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                   "400"},
        BadRequest{"NegativeLength", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", "400"},
        BadRequest{"UnknownCoding",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
        BadRequest{"CodingThatOnlyLooksChunked",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", "501"},
        BadRequest{"ChunkedInVersion10", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   "501"},
        BadRequest{"NoHost", "GET /hello HTTP/1.1\r\n\r\n", "400"},
        BadRequest{"TwoHosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        BadRequest{"SpaceBeforeColon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
        BadRequest{"BareLineFeeds", "GET /hello HTTP/1.1\r\nHost: a\nX: b\n\n\r\n", "400"},
        BadRequest{"FoldedLine", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", "400"},
        BadRequest{"FoldedByTab", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", "400"},
        BadRequest{"NulInField", std::string("GET /hello HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 39), "400"},
        BadRequest{"TargetWithoutSlash", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        BadRequest{"Connect", "CONNECT localhost:1 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        BadRequest{"Garbage", "\x01\x02\x03\x04 \r\n\r\n", "400"},
        BadRequest{"UnknownVersion", "GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", "505"},
        BadRequest{"LongTarget", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", "431"},
        BadRequest{"LongField", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n",
                   "431"},
        BadRequest{"HeadThatNeverEnds", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a'), "431"},
        BadRequest{
            "BadChunkSize",
            "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
            "400"},
        BadRequest{
            "HugeChunkSize",
            "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "400"},
        BadRequest{"LongChunkExtension",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                       std::string(20'000, 'a'),
                   "400"},
        BadRequest{"LongTrailers",
                   "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " +
                       std::string(20'000, 'a'),
                   "400"}),
    [](const auto& test) { return test.param.name; });

TEST_F(Http1, manySmallFieldsInManyPiecesStillHitTheHeadLimit) {
  auto client = connect();
  client->send("GET /hello HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 200; ++i) client->send("X-Field: " + std::string(90, 'a') + "\r\n");

  EXPECT_EQ(client->response().status, 431);
}

TEST_F(Http1, deferredRequestIsAnsweredFromAnotherThread) {
  EXPECT_EQ(connect()->request("GET", "/pool").body, "from a thread");
}

TEST_F(Http1, deadlineOfADeferredRequestAsksTheHandler) {
  const auto response = connect()->request("GET", "/late");

  EXPECT_EQ(response.status, 504);
  EXPECT_EQ(response.body, "too late");
}

TEST_F(Http1, answerThatComesAfterTheDeadlineFindsNoExchange) {
  auto client = connect();
  client->send("GET /defer HTTP/1.1\r\nHost: h\r\n\r\n");
  auto deferred = server_.journal().takeDeferred();
  auto again = deferred;
  deferred.post([](Exchange* exchange) { exchange->respond(200, "", "first"); });
  EXPECT_EQ(client->response().body, "first");

  again.post([this](Exchange* exchange) {
    server_.journal().addEvent(exchange == nullptr ? "gone" : "still there");
  });

  EXPECT_TRUE(server_.journal().sawEvent("gone"));
}

TEST_F(Http1, clientThatLeavesAbandonsItsDeferredRequest) {
  connect()->send("GET /defer HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_TRUE(server_.journal().sawEvent("abandoned /defer"));
  server_.journal().takeDeferred().post([this](Exchange* exchange) {
    server_.journal().addEvent(exchange == nullptr ? "gone" : "still there");
  });
  EXPECT_TRUE(server_.journal().sawEvent("gone"));
}

TEST_F(Http1, handlerThatThrowsCostsItsRequestOnly) {
  auto client = connect();

  EXPECT_EQ(client->request("GET", "/throw").status, 500);
  EXPECT_EQ(client->request("GET", "/hello").status, 200);
  EXPECT_TRUE(server_.journal().sawError("the handler threw"));
}

TEST_F(Http1, handlerThatForgetsToAnswerCostsItsRequestOnly) {
  auto client = connect();

  EXPECT_EQ(client->request("GET", "/nothing").status, 500);
  EXPECT_EQ(client->request("GET", "/hello").status, 200);
}

TEST_F(Http1, thousandRequestsReuseOneConnection) {
  auto client = connect();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client->request("GET", "/hello").status, 200);

  EXPECT_EQ(server_->counters().accepted, 1U);
  EXPECT_EQ(server_->counters().requests, 1000U);
}

}  // namespace
}  // namespace kes::http::test
