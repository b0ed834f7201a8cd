#include "observe/log_streams.h"

#include <gtest/gtest.h>

#include <string>

namespace kes::observe {
namespace {

using namespace std::chrono_literals;

constexpr auto kAudit = Record::Kind::audit;
constexpr auto kError = Record::Kind::error;

Record auditOf(std::string_view path, std::string_view ip = "127.0.0.1", std::string_view identity = "abc") {
  Record record(
      {.message = "served", .request = {"PUT", path, ip, identity}, .status = 200, .duration = 1500ns});
  record.time = {.seconds = 0, .nanos = 0};
  return record;
}

// Without the time, which is that of the local zone.
std::string streamed(const Record& record) {
  std::string line;
  appendStream(line, record);
  return line.substr(line.find(','));
}

TEST(LogStream, showsAnAuditRecordAsItsClientsDecodeIt) {
  EXPECT_EQ(streamed(auditOf("/v1/key/create/a")),
            R"(,"request":{"ip":"127.0.0.1","path":"/v1/key/create/a","identity":"abc"},)"
            R"("response":{"code":200,"time":1500}})");
  EXPECT_EQ(streamed(auditOf("/x", "", "")),
            R"(,"request":{"path":"/x"},"response":{"code":200,"time":1500}})");
}

TEST(LogStream, showsTheTextOfAnErrorRecord) {
  std::string line;
  appendStream(line, Record(level::kError, "a \"b\""));
  EXPECT_TRUE(line.starts_with("{\"message\":\"time=")) << line;
  EXPECT_TRUE(line.ends_with(" level=ERROR msg=\\\"a \\\\\\\"b\\\\\\\"\\\"\"}")) << line;
}

TEST(LogStreams, giveEachSubscriberTheRecordsOfItsLogFromItsBeginningOn) {
  LogStreams streams({});
  EXPECT_FALSE(streams.anyOf(kAudit));
  streams.offer(auditOf("/before"));
  const auto audit = streams.subscribe(kAudit);
  const auto error = streams.subscribe(kError);
  ASSERT_TRUE(audit && error);
  EXPECT_TRUE(streams.anyOf(kAudit));
  streams.offer(auditOf("/one"));
  streams.offer(auditOf("/two"));
  const std::string lines = (*audit)->take().lines;
  EXPECT_EQ(lines.find("/before"), lines.npos);
  EXPECT_LT(lines.find("/one"), lines.find("/two"));
  EXPECT_TRUE(lines.ends_with("}\n"));
  EXPECT_EQ((*audit)->take().lines, "");
  EXPECT_EQ((*error)->take().lines, "");
}

TEST(LogStreams, wakeThoseWhoHaveSomethingToTake) {
  LogStreams streams({});
  int woken = 0;
  const auto stream = streams.subscribe(kAudit);
  ASSERT_TRUE(stream);
  streams.offer(auditOf("/early"));
  streams.wake();
  (*stream)->start([&] { ++woken; });
  EXPECT_EQ(woken, 1) << "for what came before";
  (void)(*stream)->take();
  streams.wake();
  EXPECT_EQ(woken, 1);
  streams.offer(auditOf("/one"));
  streams.offer(auditOf("/two"));
  streams.wake();
  EXPECT_EQ(woken, 2);
}

TEST(LogStreams, endOneWhoseQueueIsFullWithoutAGap) {
  std::string line;
  appendStream(line, auditOf("/0"));
  LogStreams streams({.streams = 2, .queue = 3 * (line.size() + 1)});
  const auto slow = streams.subscribe(kAudit);
  const auto quick = streams.subscribe(kAudit);
  ASSERT_TRUE(slow && quick);
  for (const char* const path : {"/0", "/1", "/2", "/3", "/4"}) {
    streams.offer(auditOf(path));
    EXPECT_FALSE((*quick)->take().overrun);
  }
  EXPECT_TRUE((*slow)->overrun());
  const auto [lines, overrun] = (*slow)->take();
  EXPECT_TRUE(overrun);
  EXPECT_NE(lines.find("/2"), lines.npos);
  EXPECT_EQ(lines.find("/3"), lines.npos);
  streams.offer(auditOf("/5"));
  EXPECT_EQ((*slow)->take().lines, "") << "nothing follows a gap";
}

TEST(LogStreams, areAsManyAsTheirLimitAllows) {
  LogStreams streams({.streams = 1, .queue = 1024});
  {
    const auto first = streams.subscribe(kAudit);
    EXPECT_TRUE(first);
    EXPECT_FALSE(streams.subscribe(kError));
  }
  EXPECT_FALSE(streams.anyOf(kAudit));
  EXPECT_TRUE(streams.subscribe(kError));
}

}  // namespace
}  // namespace kes::observe
