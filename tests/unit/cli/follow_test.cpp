// The commands that follow a server's log and metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/log_output.h"
#include "cli/metric_output.h"
#include "program_under_test.h"
#include "support/scripted_server.h"

namespace kes::cli {
namespace {

using namespace std::chrono_literals;
using test::ScriptedServer;
using testing::HasSubstr;

const std::string kEvent =
    R"({"time":"2026-01-02T03:04:05.678+02:00","request":{"ip":"10.1.2.3","path":"/v1/key/create/my-key",)"
    R"("identity":"0123456789012345678901234567"},"response":{"code":200,"time":1234567}})";

int run(ProgramUnderTest& kes, const ScriptedServer& server, std::vector<std::string> arguments) {
  kes.environment = {{"KES_API_KEY", "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs"},
                     {"KES_SERVER", server.authority()}};
  arguments.emplace_back("-k");
  return kes.run(arguments);
}

ScriptedServer::Script answering(std::string body) {
  return
      [body = std::move(body)](const ScriptedServer::Asked&) { return ScriptedServer::Answer{.body = body}; };
}

TEST(LogCommand, printsAuditEventsInATable) {
  const ScriptedServer server(answering(kEvent + "\n"));
  ProgramUnderTest kes;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"log"}, {"log", "--audit"}, {"log", "trace"}, {"audit", "trace"}}) {
    EXPECT_EQ(run(kes, server, command), 0) << kes.err;
    EXPECT_EQ(
        kes.out,
        "Time        Status    Identity                IP                 API                               "
        "Latency\n"
        "03:04:05    200       01234567890123456789    10.1.2.3           /v1/key/create/my-key             "
        "1.2ms\n");
  }
  EXPECT_EQ(server.asked()[0].path, "/v1/log/audit");
}

TEST(LogCommand, printsJsonUntouched) {
  const ScriptedServer server(answering(kEvent + "\n"));
  ProgramUnderTest kes;
  EXPECT_EQ(run(kes, server, {"log", "--json"}), 0);
  EXPECT_EQ(kes.out, kEvent + "\n");
}

TEST(LogCommand, printsErrorsAsText) {
  const ScriptedServer server(answering("{\"message\":\"a \\u001b[2J\"}\n"));
  ProgramUnderTest kes;
  EXPECT_EQ(run(kes, server, {"log", "--error"}), 0);
  EXPECT_EQ(kes.out, "a ?[2J\n");
  EXPECT_EQ(server.asked()[0].path, "/v1/log/error");
}

TEST(LogCommand, whatIsNoEventIsAnError) {
  for (const char* body : {"garbage\n", "{}{}\n", "[]\n", "{\"time\":\"x\"}\n", "{\"message\":"}) {
    const ScriptedServer server(answering(body));
    ProgramUnderTest kes;
    EXPECT_EQ(run(kes, server, {"log"}), 1) << body;
    EXPECT_THAT(kes.err, HasSubstr("Error: the server ")) << body;
  }
}

TEST(LogCommand, isRefusedWhereTheServerSaysNo) {
  const ScriptedServer server([](const ScriptedServer::Asked&) {
    return ScriptedServer::Answer{.status = 403, .body = R"({"message":"no"})"};
  });
  ProgramUnderTest kes;
  EXPECT_EQ(run(kes, server, {"log"}), 1);
  EXPECT_EQ(kes.err, "Error: failed to connect to audit log: no\n");
  EXPECT_EQ(kes.out, "");
}

TEST(LogOutput, latencyHasTheDigitsThatMatter) {
  const std::vector<std::pair<std::chrono::nanoseconds, std::string>> cases = {{0ns, "0s"},
                                                                               {123ns, "123ns"},
                                                                               {1234ns, "1.234µs"},
                                                                               {12'345ns, "12µs"},
                                                                               {1'234'567ns, "1.2ms"},
                                                                               {12'345'678ns, "12ms"},
                                                                               {1'234'567'890ns, "1.2s"},
                                                                               {61'234'567'890ns, "1m1.2s"}};
  for (const auto& [latency, text] : cases) EXPECT_EQ(formatLatency(latency), text);
}

TEST(MetricCommand, printsOneObjectPerReadingUntilTheServerFails) {
  int readings = 0;
  const ScriptedServer server([&readings](const ScriptedServer::Asked&) -> ScriptedServer::Answer {
    if (++readings > 2) return {.status = 500, .body = R"({"message":"no more"})"};
    return {.body = "kes_http_request_success{code=\"200\"} 5\nkes_http_response_time_bucket{le=\"10\"} 5\n",
            .contentType = "text/plain"};
  });
  ProgramUnderTest kes;
  EXPECT_EQ(run(kes, server, {"metric", "--rate", "1ms"}), 1);
  const std::string object =
      R"({"kes_http_request_success":5,"kes_http_request_error":0,"kes_http_request_failure":0,)"
      R"("kes_http_request_active":0,"kes_log_audit_events":0,"kes_log_error_events":0,)"
      R"("kes_http_response_time":{"10000000000":5},"kes_system_up_time":0,"kes_system_num_cpu":0,)"
      R"("kes_system_num_cpu_used":0,"kes_system_num_threads":0,"kes_system_mem_heap_used":0,)"
      R"("kes_system_mem_heap_objects":0,"kes_system_mem_stack_used":0})"
      "\n";
  EXPECT_EQ(kes.out, object + object);
  EXPECT_EQ(kes.err, "Error: failed to fetch metrics: no more\n");
}

TEST(MetricCommand, whatAreNoMetricsIsAnError) {
  const ScriptedServer server(answering("<html>"));
  ProgramUnderTest kes;
  EXPECT_EQ(run(kes, server, {"metric"}), 1);
  EXPECT_THAT(kes.err, HasSubstr("is not a valid set of metrics: line 1 is not a sample"));
}

TEST(MetricOutput, theTableReplacesItself) {
  client::Metrics metrics;
  metrics.succeeded = 3;
  metrics.refused = 1;
  metrics.latency = {{10ms, 5}, {50ms, 7}, {100ms, 8}, {1500ms, 9}};
  metrics.upTime = 70s;
  metrics.heapUsed = 5'600'000;
  metrics.stackUsed = 655'360;
  metrics.usableCpus = 2;
  metrics.threads = 12;
  const std::string table =
      "Request    OK [2xx]       Err [4xx]       Err [5xx]      Req/s        Latency\n"
      "                  3               1               0       2.50          194ms\n"
      "             75.00%          25.00%           0.00%\n"
      "\n"
      "System       UpTime            Heap           Stack       CPUs        Threads\n"
      "              1m10s           5.6MB         655.4KB          2             12\n";
  MetricScreen screen(Style::plain());
  EXPECT_EQ(screen.draw(metrics, 2.5, ""), table);
  EXPECT_EQ(screen.draw(metrics, 2.5, "gone"), "\x1b[6F\x1b[J" + table + "gone\n");
  EXPECT_EQ(screen.draw(metrics, 2.5, ""), "\x1b[7F\x1b[J" + table);
}

TEST(MetricOutput, ratesAreNeverNegative) {
  client::Metrics before;
  client::Metrics now;
  before.succeeded = 10;
  now.succeeded = 20;
  EXPECT_EQ(requestsPerSecond(before, now, 2s), 5);
  EXPECT_EQ(requestsPerSecond(now, before, 2s), 0);  // the server was started anew
}

}  // namespace
}  // namespace kes::cli
