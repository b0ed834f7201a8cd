#include "client/metrics.h"

#include <gtest/gtest.h>

namespace kes::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Metrics, areReadFromPrometheusText) {
  const auto metrics = parseMetrics(R"(# HELP kes_http_request_success Number
# TYPE kes_http_request_success counter
kes_http_request_success{code="200"} 40
kes_http_request_success{code="204"} 2 1395066363000
kes_http_request_error{code="40}3"} 7
kes_http_response_time_bucket{le="0.01"} 5
kes_http_response_time_bucket{le="1.5"} +9
kes_http_response_time_bucket{le="+Inf"} 10
kes_http_response_time_sum 12.5
kes_system_up_time 93784.56
kes_system_mem_heap_used 1.5e+06
kes_something_else{a="b\"}"} NaN

)");
  ASSERT_TRUE(metrics) << metrics.error().message;
  EXPECT_EQ(metrics->succeeded, 42);
  EXPECT_EQ(metrics->refused, 7);
  EXPECT_EQ(metrics->requests(), 49);
  ASSERT_EQ(metrics->latency.size(), 2U);
  EXPECT_EQ(metrics->latency[0].atMost, milliseconds(10));
  EXPECT_EQ(metrics->latency[1].atMost, milliseconds(1500));
  EXPECT_EQ(metrics->latency[1].requests, 9);
  EXPECT_EQ(metrics->upTime, seconds(93784));
  EXPECT_EQ(metrics->heapUsed, 1'500'000);
}

TEST(Metrics, valuesBeyondANumberAreCut) {
  EXPECT_GT(parseMetrics("kes_system_num_cpu +Inf")->cpus, 0);
  EXPECT_LT(parseMetrics("kes_system_num_cpu -Inf")->cpus, 0);
  EXPECT_EQ(parseMetrics("kes_system_num_cpu NaN")->cpus, 0);
}

TEST(Metrics, aLineThatIsNoSampleIsNamed) {
  for (const char* line : {"garbage", "a b", "a{", "a{x=\"}\" 1", "{} 1", "a{} ", "a 1x"}) {
    const auto metrics = parseMetrics("# first\n" + std::string(line));
    ASSERT_FALSE(metrics) << line;
    EXPECT_EQ(metrics.error().message, "line 2 is not a sample");
  }
}

}  // namespace
}  // namespace kes::client
