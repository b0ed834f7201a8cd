// What an HTTP/2 client meets when it reaches a limit, and that it is counted.

#include <gtest/gtest.h>

#include "unit/http/raw_frames.h"
#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

using std::chrono::milliseconds;

class H2Limits : public testing::Test {
 protected:
  // Starts the server; to be called once.
  void serve(const Limits& limits) {
    server_.emplace(
        TestServerOptions{.settings = {.host = "127.0.0.1", .port = 0, .loops = 1, .limits = limits}});
  }

  [[nodiscard]] std::unique_ptr<H2Client> connect() {
    return std::make_unique<H2Client>(server().port(), ClientOptions{.credential = &credential_});
  }
  // Everything the server sends to a client that sends `frames` and then waits.
  [[nodiscard]] std::string answerTo(const std::string& frames) {
    TlsClient client(server().port(), {.credential = &credential_, .protocols = {"h2"}});
    client.send(frames);
    return client.receiveAll();
  }
  [[nodiscard]] bool served() { return connect()->fetch({}).status == 200; }
  [[nodiscard]] TestServer& server() { return *server_; }
  [[nodiscard]] std::uint64_t times(Limit limit) { return (*server_)->counters().times(limit); }

  Credential credential_ = makeCredential({});
  std::optional<TestServer> server_;
};

TEST_F(H2Limits, idleConnectionsAreToldToGo) {
  serve({.idle = milliseconds(50)});
  auto client = connect();
  client->waitForEnd();

  EXPECT_GE(client->goaways(), 1);
  EXPECT_EQ(client->goawayCode(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(times(Limit::idleTimeout), 1U);
}

TEST_F(H2Limits, clientsThatNeverGreetAreClosed) {
  serve({.header = milliseconds(50)});

  EXPECT_EQ(goawayCode(answerTo("")), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(times(Limit::headerTimeout), 1U);
}

TEST_F(H2Limits, headThatNeverEndsIsClosed) {
  serve({.header = milliseconds(50)});
  const auto unfinished = frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 3, requestFields("GET", "/hello"));

  // The stream before it ends while the head is arriving; that does not give it more time.
  static_cast<void>(answerTo(greeting() + request(1, "/hello") + unfinished));

  EXPECT_TRUE(server().journal().sawError("head came too slowly"));
  EXPECT_EQ(times(Limit::headerTimeout), 1U);
  EXPECT_EQ(server().journal().count("request /hello"), 1);
}

TEST_F(H2Limits, headInPiecesThatEndsInTimeIsServed) {
  serve({.header = milliseconds(300), .idle = std::chrono::seconds(20)});
  const auto fields = requestFields("GET", "/hello");
  TlsClient client(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  client.send(greeting() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, fields.substr(0, 5)));
  client.send(frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, fields.substr(5)));

  EXPECT_FALSE(client.receiveUntil("hello\n").empty());
  EXPECT_EQ(times(Limit::headerTimeout), 0U);
}

TEST_F(H2Limits, fieldsBeyondTheLimitGet431) {
  serve({});
  auto client = connect();
  const std::vector<std::pair<std::string, std::string>> one = {{"x-long", std::string(17'000, 'a')}};
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 400; ++i) many.emplace_back("x-" + std::to_string(i), "aaaaaaaa");

  EXPECT_EQ(client->fetch({.headers = one}).status, 431);
  EXPECT_EQ(client->fetch({.headers = many}).status, 431);
  EXPECT_EQ(client->fetch({}).status, 200);
  EXPECT_EQ(server().journal().count("request /hello"), 1);
  EXPECT_EQ(times(Limit::headerSize), 2U);
}

TEST_F(H2Limits, fieldsFarBeyondTheLimitAreNotReadToTheEnd) {
  serve({.headerSize = 1024});
  auto client = connect();
  const std::vector<std::pair<std::string, std::string>> tooMany(10, {"x-long", std::string(200, 'a')});
  const std::vector<std::pair<std::string, std::string>> bomb(100, {"x-long", std::string(200, 'a')});

  EXPECT_EQ(client->fetch({.headers = tooMany}).status, 431);
  const auto response = client->fetch({.headers = bomb});
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.resetCode, static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(client->fetch({}).status, 200);
  EXPECT_EQ(times(Limit::headerSize), 2U);
}

TEST_F(H2Limits, headThatWasNotReadToTheEndLeavesNoDeadlineBehind) {
  serve({.header = milliseconds(50), .headerSize = 1024});
  auto client = connect();
  const std::vector<std::pair<std::string, std::string>> bomb(100, {"x-long", std::string(200, 'a')});
  ASSERT_EQ(client->fetch({.headers = bomb}).resetCode,
            static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));

  // A connection that never greets lives as long as a header may take, and longer for its farewell.
  TlsClient clock(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  EXPECT_FALSE(clock.receiveAll().empty());
  EXPECT_EQ(times(Limit::headerTimeout), 1U);
  EXPECT_EQ(client->fetch({}).status, 200);
}

// Until it acknowledges SETTINGS a client has windows of 65,535 bytes.
TEST_F(H2Limits, bodiesThatFillWindowsBeforeSettingsAreAcknowledgedAreCounted) {
  serve({.bodyPerConnection = 40'000});
  std::string bodies;
  for (const std::uint32_t stream : {1U, 3U, 5U, 7U}) {
    bodies += frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream, requestFields("PUT", "/echo"));
    bodies += frame(NGHTTP2_DATA, 0, stream, std::string(16'000, 'x'));
  }
  TlsClient client(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  client.send(greeting() + bodies);

  EXPECT_TRUE(server().journal().sawError("too many bodies at once"));
  EXPECT_TRUE(server().journal().sawEvent("abandoned /echo"));
  EXPECT_EQ(times(Limit::bodyPerConnection), 3U);  // two wait for their turn, one is refused
}

TEST_F(H2Limits, streamsBeyondTheLimitAreRefused) {
  serve({.streams = 4});
  auto client = connect();  // it does not know the limit yet
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 5; ++i) streams.push_back(client->submit({.target = "/defer"}));

  EXPECT_EQ(client->wait(streams[4]).resetCode, static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  EXPECT_EQ(times(Limit::streams), 1U);
}

TEST_F(H2Limits, streamsBeyondALimitThatTheClientHasAcknowledgedEndTheConnection) {
  serve({.streams = 4});
  auto frames = greeting() + frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "");
  for (std::uint32_t stream = 1; stream < 11; stream += 2) frames += request(stream, "/defer");

  EXPECT_EQ(goawayCode(answerTo(frames)), static_cast<std::uint32_t>(NGHTTP2_PROTOCOL_ERROR));
  EXPECT_EQ(times(Limit::streams), 1U);
}

TEST_F(H2Limits, bodyThatStallsIsGivenUp) {
  serve({.body = milliseconds(50)});
  TlsClient stalling(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  stalling.send(greeting() +
                frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, requestFields("PUT", "/echo")));

  EXPECT_TRUE(server().journal().sawError("body came too slowly"));
  EXPECT_TRUE(server().journal().sawEvent("abandoned /echo"));
  EXPECT_EQ(times(Limit::bodyTimeout), 1U);
  EXPECT_EQ(connect()->fetch({.method = "PUT", .target = "/echo", .body = "x"}).body, "x");
}

TEST_F(H2Limits, bodiesBeyondThoseOfTheConnectionWaitForOneAnother) {
  serve({.streams = 4, .bodyPerConnection = 140'000});
  auto client = connect();
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(
        client->submit({.method = "PUT", .target = "/echo", .body = std::string(300'000, 'x')}));
  }

  for (const auto stream : streams) EXPECT_EQ(client->wait(stream).body.size(), 300'000U);
  EXPECT_EQ(times(Limit::bodyPerConnection), 3U);
}

TEST_F(H2Limits, bodiesBeyondTheMemoryOfTheServerAreRefused) {
  serve({.bodyTotal = 100'000});
  auto client = connect();

  const auto response =
      client->fetch({.method = "PUT", .target = "/echo", .body = std::string(300'000, 'x')});

  EXPECT_TRUE(response.reset);
  EXPECT_EQ(response.resetCode, static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  EXPECT_TRUE(server().journal().sawEvent("abandoned /echo"));
  EXPECT_EQ(times(Limit::bodyTotal), 1U);
  EXPECT_EQ(client->fetch({.method = "PUT", .target = "/echo", .body = std::string(20'000, 'x')}).body.size(),
            20'000U);
}

TEST_F(H2Limits, clientThatDoesNotTakeItsAnswersGetsNoMore) {
  serve({.answersPerConnection = 2'000'000});
  auto client = connect();
  client->waitForSettings();
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 5; ++i) streams.push_back(client->submit({.target = "/big/3000000"}));

  EXPECT_EQ(client->wait(streams[4]).resetCode, static_cast<std::uint32_t>(NGHTTP2_REFUSED_STREAM));
  EXPECT_GE(times(Limit::answersPerConnection), 1U);
  EXPECT_EQ(client->wait(streams[0]).body.size(), 3'000'000U);
}

TEST_F(H2Limits, clientThatTakesNothingOfItsAnswerIsClosed) {
  serve({.idle = milliseconds(50)});
  const std::string noWindow("\0\x04\0\0\0\0", 6);  // SETTINGS_INITIAL_WINDOW_SIZE
  const auto frames = kPreface + frame(NGHTTP2_SETTINGS, 0, 0, noWindow) + request(1, "/hello");

  EXPECT_EQ(answerTo(frames).find("hello"), std::string::npos);
  EXPECT_TRUE(server().journal().sawError("client does not take its answers"));
  EXPECT_EQ(times(Limit::idleTimeout), 1U);
}

TEST_F(H2Limits, rapidResetsEndTheConnection) {
  serve({.resetBurst = 100, .resetRate = 1});
  auto client = connect();
  // No more than it takes: a slow client that is still sending a second after GOAWAY may never see it.
  for (int i = 0; i < 6'000; ++i) {
    const auto stream = client->submit({.target = "/defer"});
    if (!client->flush()) break;
    client->reset(stream, NGHTTP2_CANCEL);
  }
  client->waitForEnd();

  EXPECT_EQ(client->goawayCode(), static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
  EXPECT_EQ(times(Limit::resets), 1U);
  // The burst and what one receive buffer of 64 KiB held when it was used up.
  EXPECT_LT(server()->counters().requests, 4'000U);
}

TEST_F(H2Limits, tooManySettingsEndTheConnection) {
  serve({.settingsEntries = 6});
  const std::string setting("\0\x04\0\0\xff\xff", 6);
  std::string settings;
  for (int i = 0; i < 6; ++i) settings += setting;
  auto fewest = greeting() + frame(NGHTTP2_SETTINGS, 0, 0, settings) + request(1, "/hello");
  TlsClient allowed(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  allowed.send(fewest);
  EXPECT_FALSE(allowed.receiveUntil("hello\n").empty());

  EXPECT_EQ(goawayCode(answerTo(greeting() + frame(NGHTTP2_SETTINGS, 0, 0, settings + setting))),
            static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(times(Limit::settingsEntries), 1U);
}

TEST_F(H2Limits, tooManyContinuationsEndTheConnection) {
  serve({.continuations = 2});
  const auto headIn = [](int pieces) {
    auto frames =
        greeting() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, requestFields("GET", "/hello"));
    for (int i = 1; i < pieces; ++i) frames += frame(NGHTTP2_CONTINUATION, 0, 1, "");
    return frames + frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, "");
  };
  TlsClient allowed(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  allowed.send(headIn(2));
  EXPECT_FALSE(allowed.receiveUntil("hello\n").empty());

  EXPECT_EQ(answerTo(headIn(3)).find("hello"), std::string::npos);
  EXPECT_EQ(times(Limit::continuations), 1U);
}

TEST_F(H2Limits, pingsAndSettingsFasterThanTheirAcksAreTakenEndTheConnection) {
  serve({.unreadAcks = 10});
  const auto ping = frame(NGHTTP2_PING, 0, 0, "12345678");
  const auto settings = frame(NGHTTP2_SETTINGS, 0, 0, "");
  std::string some = greeting();
  for (int i = 0; i < 8; ++i) some += ping;
  TlsClient allowed(server().port(), {.credential = &credential_, .protocols = {"h2"}});
  allowed.send(some + request(1, "/hello"));
  EXPECT_FALSE(allowed.receiveUntil("hello\n").empty());

  std::uint64_t before = 0;
  for (const auto& one : {ping, settings}) {
    std::string many = greeting();
    for (int i = 0; i < 20; ++i) many += one;
    EXPECT_EQ(answerTo(many + request(1, "/hello")).find("hello"), std::string::npos);
    EXPECT_EQ(times(Limit::unreadAcks), ++before);
  }
  EXPECT_TRUE(served());
}

}  // namespace
}  // namespace kes::http::test
