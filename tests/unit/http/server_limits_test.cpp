// What a client meets when it reaches a limit, and that it is counted: connections, times, HTTP/1.1.
// HTTP/2 is in h2_limits_test.cpp.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "http/listener.h"
#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

using std::chrono::milliseconds;

class ServerLimits : public testing::Test {
 protected:
  // Starts the server; to be called once.
  void serve(const Limits& limits, std::size_t loops = 2) {
    server_.emplace(
        TestServerOptions{.settings = {.host = "127.0.0.1", .port = 0, .loops = loops, .limits = limits}});
  }

  [[nodiscard]] std::unique_ptr<H1Client> connect(const Credential* credential = nullptr) {
    return std::make_unique<H1Client>(
        server().port(), ClientOptions{.credential = credential != nullptr ? credential : &credential_});
  }
  [[nodiscard]] bool served(const Credential* credential = nullptr) {
    return connect(credential)->request("GET", "/hello").status == 200;
  }
  [[nodiscard]] TestServer& server() { return *server_; }
  [[nodiscard]] std::uint64_t times(Limit limit) { return (*server_)->counters().times(limit); }

  // For what the server does in its own time.
  [[nodiscard]] static bool eventually(const std::function<bool()>& condition) {
    const auto deadline = base::SteadyClock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (base::SteadyClock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Credential credential_ = makeCredential({});
  std::optional<TestServer> server_;
};

TEST_F(ServerLimits, connectionsBeyondTheCapAreClosedAtOnce) {
  serve({.connections = 2});
  auto first = connect();
  const auto second = connect();
  ASSERT_EQ(first->request("GET", "/hello").status, 200);
  ASSERT_EQ(second->request("GET", "/hello").status, 200);

  EXPECT_FALSE(connect()->connected());
  EXPECT_EQ(times(Limit::connections), 1U);
  EXPECT_TRUE(server().journal().sawError("too many connections"));

  first.reset();
  EXPECT_TRUE(eventually([&] { return served(); }));
}

TEST_F(ServerLimits, runningOutOfDescriptorsRefusesAndRecovers) {
  serve({});
  const auto established = connect();
  ASSERT_EQ(established->request("GET", "/hello").status, 200);

  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(tcp) + 1;  // every number below is taken
  std::vector<int> fill;
  for (int fd = ::dup(tcp); fd >= 0 && fd < tcp; fd = ::dup(tcp)) fill.push_back(fd);
  setrlimit(RLIMIT_NOFILE, &none);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server().port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(tcp, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(server().journal().sawError("too many open files"));
  EXPECT_EQ(established->request("GET", "/hello").status, 200);
  setrlimit(RLIMIT_NOFILE, &before);
  for (const int fd : fill) ::close(fd);
  ::close(tcp);

  EXPECT_EQ(times(Limit::connections), 1U);
  EXPECT_TRUE(served());
}

TEST(ConnectionsAllowedByFiles, leaveRoomForEverythingElse) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const std::pair<rlim_t, std::size_t> cases[] = {{20, 10}, {100, 50}, {200, 136}, {1024, 896}};
  for (const auto& [files, connections] : cases) {
    rlimit some = before;
    some.rlim_cur = files;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &some), 0);
    EXPECT_EQ(connectionsAllowedByFiles(), connections) << files;
  }
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(ServerLimits, oneAddressHasSoManyConnectionsAndLeavesOthersTheirs) {
  serve({.connectionsPerAddress = 2});
  auto first = connect();
  const auto second = connect();
  ASSERT_EQ(first->request("GET", "/hello").status, 200);
  ASSERT_EQ(second->request("GET", "/hello").status, 200);

  EXPECT_FALSE(connect()->connected());
  EXPECT_EQ(times(Limit::connectionsPerAddress), 1U);
  EXPECT_TRUE(server().journal().sawError("too many connections from this address"));

  const int other = connectTcp(server().port(), "127.0.0.2");
  ASSERT_EQ(::write(other, "GET / ", 6), 6);
  char answer[17] = {};
  EXPECT_EQ(::recv(other, answer, 16, MSG_WAITALL), 16);
  EXPECT_STREQ(answer, "HTTP/1.0 400 Bad");
  ::close(other);

  first.reset();
  EXPECT_TRUE(eventually([&] { return served(); }));
}

TEST(NetworkOf, isTheAddressOrTheSlash64OfIpv6) {
  EXPECT_EQ(networkOf("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(networkOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(networkOf("2001:db8:1:2::ffff"), "2001:db8:1:2::");
  EXPECT_EQ(networkOf("::1"), "::");
}

TEST_F(ServerLimits, oneIdentityHasSoManyConnectionsOverAllLoops) {
  const Credential other = makeCredential({});
  serve({.connectionsPerIdentity = 2});
  auto first = connect();
  const auto second = connect();
  ASSERT_EQ(first->request("GET", "/hello").status, 200);
  ASSERT_EQ(second->request("GET", "/hello").status, 200);

  EXPECT_EQ(connect()->request("GET", "/hello").status, 0);
  EXPECT_EQ(times(Limit::connectionsPerIdentity), 1U);
  EXPECT_TRUE(server().journal().sawError("too many connections of identity"));
  EXPECT_TRUE(served(&other));

  first.reset();
  EXPECT_TRUE(eventually([&] { return served(); }));
}

TEST_F(ServerLimits, handshakesBeyondThePlacesWaitAndSlowOnesKeepNobodyOut) {
  serve({.handshakes = 2}, 1);
  std::vector<int> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(connectTcp(server().port()));
    ASSERT_EQ(::write(slow.back(), "\x16\x03\x01", 3), 3);
  }
  ASSERT_TRUE(eventually([&] { return times(Limit::handshakes) == 6; }));

  EXPECT_TRUE(served());
  for (const int fd : slow) ::close(fd);
}

TEST_F(ServerLimits, clientsThatDoNotFinishTheHandshakeAreClosed) {
  serve({.handshake = milliseconds(50)});
  for (const std::string_view bytes : {"", "\x16\x03\x01"}) {
    const int slow = connectTcp(server().port());
    ASSERT_EQ(::write(slow, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    char nothing = 0;
    EXPECT_LE(::recv(slow, &nothing, 1, 0), 0);
    ::close(slow);
  }
  EXPECT_TRUE(server().journal().sawError("handshake timed out"));
  EXPECT_EQ(times(Limit::handshakeTimeout), 2U);
}

TEST_F(ServerLimits, idleConnectionsAreClosed) {
  serve({.idle = milliseconds(50)});
  EXPECT_TRUE(connect()->atEnd());
  EXPECT_EQ(times(Limit::idleTimeout), 1U);
}

TEST_F(ServerLimits, clientsThatDoNotTakeTheirAnswerAreClosed) {
  serve({.idle = milliseconds(50)});
  const auto client = connect();
  // More than the sockets of both sides hold.
  client->send("GET /big/30000000 HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_TRUE(eventually([&] { return times(Limit::idleTimeout) == 1; }));
  EXPECT_LT(client->receiveAll().size(), 30'000'000U);
}

TEST_F(ServerLimits, headThatNeverEndsIsClosed) {
  serve({.header = milliseconds(50)});
  const auto client = connect();
  client->send("GET /hello HTTP/1.1\r\nHost:");

  EXPECT_TRUE(client->atEnd());
  EXPECT_TRUE(server().journal().sawError("head came too slowly"));
  EXPECT_EQ(times(Limit::headerTimeout), 1U);
}

TEST_F(ServerLimits, headThatIsTooLargeGets431) {
  serve({.headerSize = 2000});
  const std::string padding = "X-Padding: " + std::string(2000, 'x') + "\r\n";

  EXPECT_EQ(connect()->request("GET", "/hello", {}, padding).status, 431);
  EXPECT_EQ(times(Limit::headerSize), 1U);
  EXPECT_TRUE(served());
}

TEST_F(ServerLimits, bodyThatStallsGets408) {
  serve({.body = milliseconds(50)});
  const auto client = connect();
  client->send("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");

  EXPECT_EQ(client->response().status, 408);
  EXPECT_TRUE(client->atEnd());
  EXPECT_TRUE(server().journal().sawEvent("abandoned /echo"));
  EXPECT_EQ(times(Limit::bodyTimeout), 1U);
}

TEST_F(ServerLimits, bodyThatNobodyWantsAndStallsEndsTheConnection) {
  serve({.body = milliseconds(50)});
  const auto client = connect();
  client->send("PUT /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");

  EXPECT_EQ(client->response().status, 403);
  EXPECT_TRUE(client->atEnd());
  EXPECT_EQ(times(Limit::bodyTimeout), 1U);
}

TEST_F(ServerLimits, bodiesBeyondTheMemoryOfTheServerGet503) {
  serve({.bodyTotal = 10'000});

  EXPECT_EQ(connect()->request("PUT", "/echo", std::string(30'000, 'x')).status, 503);
  EXPECT_EQ(times(Limit::bodyTotal), 1U);
  EXPECT_EQ(connect()->request("PUT", "/echo", std::string(8'000, 'x')).status, 200);
}

TEST_F(ServerLimits, whoReachesNoneIsNotCounted) {
  serve({.connectionsPerAddress = 9, .connectionsPerIdentity = 9});
  EXPECT_TRUE(served());
  EXPECT_EQ(connect()->request("PUT", "/echo", std::string(8'000, 'x')).status, 200);

  for (const auto count : server()->counters().reached) EXPECT_EQ(count, 0U);
}

}  // namespace
}  // namespace kes::http::test
