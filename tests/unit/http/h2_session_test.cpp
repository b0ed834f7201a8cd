#include "http/h2_session.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/http/raw_frames.h"
#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

class Http2 : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<H2Client> connect() {
    return std::make_unique<H2Client>(server_.port(), ClientOptions{.credential = &credential_});
  }

  TestServer server_;
  Credential credential_ = makeCredential({});
};

TEST_F(Http2, everyMethodReachesTheHandler) {
  auto client = connect();
  for (const std::string method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "LIST"}) {
    const auto response =
        client->fetch({.method = method, .target = "/header", .headers = {{"x-test", "a"}}});
    EXPECT_EQ(response.body, "a 1 " + method + " localhost");
  }
}

TEST_F(Http2, answerCarriesDateTypeAndLength) {
  const auto response = connect()->fetch({.target = "/hello"});

  EXPECT_EQ(response.headers.at("content-type"), "text/plain");
  EXPECT_EQ(response.headers.at("content-length"), "6");
  EXPECT_EQ(response.headers.at("date").size(), 29U);
}

TEST_F(Http2, headGetsTheLengthWithoutTheBody) {
  const auto response = connect()->fetch({.method = "HEAD", .target = "/hello"});

  EXPECT_EQ(response.headers.at("content-length"), "6");
  EXPECT_EQ(response.body, "");
}

TEST_F(Http2, extraFieldsAreSentUnlessTheySplitTheAnswer) {
  const auto response = connect()->fetch({.target = "/extra"});

  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(response.headers.at("x-one"), "1");
  EXPECT_EQ(response.headers.at("location"), "/a?b");
  EXPECT_FALSE(response.headers.contains("x-split"));
}

TEST_F(Http2, settingsAnnounceTheLimits) {
  auto client = connect();
  client->waitForSettings();

  const auto remote = [&](nghttp2_settings_id id) {
    return nghttp2_session_get_remote_settings(client->session(), id);
  };
  EXPECT_EQ(remote(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 250U);
  EXPECT_EQ(remote(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 16384U);
  EXPECT_EQ(remote(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 16384U);
}

TEST_F(Http2, bodiesComeBackWhateverTheirSizeAndAnnouncement) {
  auto client = connect();
  for (const std::size_t size : {0U, 1U, 16'383U, 16'384U, 16'385U, 40'000U, 300'000U, 1'000'000U}) {
    for (const bool announced : {false, true}) {
      const std::string body(size, 'x');
      const auto response =
          client->fetch({.method = "PUT", .target = "/echo", .body = body, .withContentLength = announced});
      EXPECT_EQ(response.body.size(), size);
      EXPECT_EQ(response.headers.at("x-truncated"), "no");
    }
  }
}

TEST_F(Http2, bodyBeyondTheLimitIsCut) {
  const auto response =
      connect()->fetch({.method = "PUT", .target = "/echo", .body = std::string(1'500'000, 'x')});

  EXPECT_EQ(response.body.size(), 1'000'000U);
  EXPECT_EQ(response.headers.at("x-truncated"), "yes");
}

TEST_F(Http2, emptyRequestIsToldFromOneWithoutABody) {
  auto client = connect();

  EXPECT_EQ(client->fetch({.method = "PUT", .target = "/echo"}).status, 200);
  EXPECT_EQ(client->fetch({.method = "PUT", .target = "/echo", .body = ""}).status, 200);
}

TEST_F(Http2, hundredStreamsAtOnceAreAllAnswered) {
  auto client = connect();
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 100; ++i) {
    streams.push_back(client->submit({.method = "POST", .target = "/echo", .body = std::to_string(i)}));
  }
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(client->wait(streams[static_cast<std::size_t>(i)]).body, std::to_string(i));
}

TEST_F(Http2, largeBodiesOfOneConnectionComeInOneAfterTheOther) {
  auto client = connect();
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 12; ++i) {
    streams.push_back(
        client->submit({.method = "POST", .target = "/echo", .body = std::string(900'000, 'x')}));
  }
  for (const auto stream : streams) EXPECT_EQ(client->wait(stream).body.size(), 900'000U);
}

TEST_F(Http2, largeAnswersAreSentAsTheClientTakesThem) {
  auto client = connect();
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(client->submit({.target = "/big/900000"}));
  for (const auto stream : streams) EXPECT_EQ(client->wait(stream).body.size(), 900'000U);
}

TEST_F(Http2, answerToABodyThatIsStillComingIsNotLost) {
  auto client = connect();

  const auto response =
      client->fetch({.method = "PUT", .target = "/ignore", .body = std::string(100'000, 'x')});

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "ignored");
  EXPECT_FALSE(response.reset);
}

TEST_F(Http2, bodyThatNobodyWantsAndNeverEndsIsReset) {
  auto client = connect();

  const auto response =
      client->fetch({.method = "PUT", .target = "/ignore", .body = std::string(3'000'000, 'x')});

  EXPECT_EQ(response.status, 403);
  EXPECT_TRUE(response.reset);
  EXPECT_EQ(response.resetCode, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(client->fetch({}).status, 200);
}

TEST_F(Http2, expectContinueIsAnswered) {
  const auto response = connect()->fetch(
      {.method = "PUT", .target = "/echo", .body = "ok", .headers = {{"expect", "100-continue"}}});

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "ok");
}

TEST_F(Http2, deferredStreamsAreAnsweredInAnyOrder) {
  auto client = connect();
  const auto first = client->submit({.target = "/defer"});
  const auto second = client->submit({.target = "/defer"});
  client->flush();
  auto one = server_.journal().takeDeferred();
  auto two = server_.journal().takeDeferred();

  two.post([](Exchange* exchange) { exchange->respond(200, "", "two"); });
  EXPECT_EQ(client->wait(second).body, "two");
  one.post([](Exchange* exchange) { exchange->respond(200, "", "one"); });
  EXPECT_EQ(client->wait(first).body, "one");
}

TEST_F(Http2, deferredStreamsDoNotHoldUpOthers) {
  auto client = connect();
  const auto deferred = client->submit({.target = "/defer"});

  EXPECT_EQ(client->fetch({}).status, 200);
  EXPECT_FALSE(client->response(deferred).complete);
}

TEST_F(Http2, manyAnswersFromOtherThreadsAllArrive) {
  auto client = connect();
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(client->submit({.target = "/pool"}));
  for (const auto stream : streams) EXPECT_EQ(client->wait(stream).body, "from a thread");
}

TEST_F(Http2, deadlineOfADeferredStreamAsksTheHandler) {
  EXPECT_EQ(connect()->fetch({.target = "/late"}).status, 504);
}

TEST_F(Http2, resetOfADeferredStreamAbandonsIt) {
  auto client = connect();
  const auto stream = client->submit({.target = "/defer"});
  client->flush();
  auto deferred = server_.journal().takeDeferred();

  client->reset(stream, NGHTTP2_CANCEL);
  client->flush();

  EXPECT_TRUE(server_.journal().sawEvent("abandoned /defer"));
  deferred.post(
      [this](Exchange* exchange) { server_.journal().addEvent(exchange == nullptr ? "gone" : "there"); });
  EXPECT_TRUE(server_.journal().sawEvent("gone"));
  EXPECT_EQ(client->fetch({}).status, 200);
}

TEST_F(Http2, clientThatLeavesAbandonsAllItsStreams) {
  auto client = connect();
  client->submit({.target = "/defer"});
  client->submit({.method = "PUT", .target = "/echo?unfinished", .body = "x"});
  client->flush();
  static_cast<void>(server_.journal().takeDeferred());

  client.reset();

  EXPECT_TRUE(server_.journal().sawEvent("abandoned /defer"));
}

TEST_F(Http2, handlerThatThrowsCostsItsStreamOnly) {
  auto client = connect();

  EXPECT_EQ(client->fetch({.target = "/throw"}).status, 500);
  EXPECT_EQ(client->fetch({.target = "/nothing"}).status, 500);
  EXPECT_EQ(client->fetch({}).status, 200);
}

TEST_F(Http2, connectMethodIsRefused) {
  auto client = connect();
  nghttp2_nv fields[2];
  const auto field = [](std::string_view name, std::string_view value) {
    return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                      value.size(), NGHTTP2_NV_FLAG_NONE};
  };
  fields[0] = field(":method", "CONNECT");
  fields[1] = field(":authority", "localhost:1");
  const auto stream = nghttp2_submit_request(client->session(), nullptr, fields, 2, nullptr, nullptr);

  const auto response = client->wait(stream);
  EXPECT_TRUE(response.status == 400 || response.reset);
}

// Frames by hand, after the preface and empty SETTINGS.
class Http2Raw : public Http2, public testing::WithParamInterface<std::pair<const char*, std::string>> {};

TEST_P(Http2Raw, malformedInputEndsTheConnectionOnly) {
  TlsClient client(server_.port(), {.credential = &credential_, .protocols = {"h2"}});
  client.send(GetParam().second);

  EXPECT_TRUE(client.receiveAll().size() < 10'000);
  EXPECT_EQ(connect()->fetch({}).status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Http2Raw,
    testing::Values(
        std::pair{"NotHttp2", std::string("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")},
        std::pair{"FrameTooLarge", kPreface + frame(4, 0, 0, "") + frame(0, 0, 1, std::string(17'000, 'x'))},
        std::pair{"DataOnIdleStream", kPreface + frame(4, 0, 0, "") + frame(0, 0, 1, "x")},
        std::pair{"HeadersOnStreamZero", kPreface + frame(4, 0, 0, "") + frame(1, 4, 0, "\x82")},
        std::pair{"BrokenHpack",
                  kPreface + frame(4, 0, 0, "") + frame(1, 5, 1, "\xff\xff\xff\xff\xff\xff\xff")},
        std::pair{"ContinuationOutOfPlace", kPreface + frame(4, 0, 0, "") + frame(9, 4, 1, "")},
        std::pair{"PingOfWrongSize", kPreface + frame(4, 0, 0, "") + frame(6, 0, 0, "123")},
        std::pair{"WindowOverflow", kPreface + frame(4, 0, 0, "") + frame(8, 0, 0, "\x7f\xff\xff\xff") +
                                        frame(8, 0, 0, "\x7f\xff\xff\xff")},
        std::pair{"ManyContinuations",
                  [] {
                    auto out = kPreface + frame(4, 0, 0, "") + frame(1, 0, 1, "");
                    for (int i = 0; i < 100; ++i) out += frame(9, 0, 1, "");
                    return out;
                  }()}),
    [](const auto& test) { return test.param.first; });

}  // namespace
}  // namespace kes::http::test
