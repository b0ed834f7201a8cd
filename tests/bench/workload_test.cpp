#include "load/workload.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace kes::load {
namespace {

Workload make(std::string mix) {
  Options options;
  options.mix = std::move(mix);
  return Workload(options);
}

std::map<std::string, int> kindsOf(Workload& workload, int requests) {
  std::map<std::string, int> kinds;
  for (int i = 0; i < requests; ++i) {
    const std::string& path = workload.next()->path;
    ++kinds[path == "/version" ? path : path.substr(0, path.rfind('/'))];
  }
  return kinds;
}

TEST(Workload, oneKindAlone) {
  auto workload = make("generate");
  const auto request = workload.next();

  EXPECT_EQ(request->method, "PUT");
  EXPECT_EQ(request->path, "/v1/key/generate/bench");
  EXPECT_EQ(
      request->http1,
      "PUT /v1/key/generate/bench HTTP/1.1\r\nHost: 127.0.0.1:7373\r\nContent-Type: application/json\r\n"
      "Content-Length: 34\r\n\r\n{\"context\":\"YnVja2V0L29iamVjdA==\"}");
}

TEST(Workload, mixesByWeight) {
  auto workload = make("generate=7,encrypt=2,version");
  const std::map<std::string, int> expected = {
      {"/v1/key/generate", 70}, {"/v1/key/encrypt", 20}, {"/version", 10}};

  EXPECT_EQ(kindsOf(workload, 100), expected);
}

TEST(Workload, spreadsWhatIsRare) {
  auto workload = make("generate=3,version=1");

  for (int i = 0; i < 10; ++i) EXPECT_EQ(kindsOf(workload, 4)["/version"], 1) << "in each four";
}

TEST(Workload, createsEachNameOnce) {
  auto one = make("create");
  auto other = make("create");
  std::set<std::string> paths;
  for (int i = 0; i < 50; ++i) {
    paths.insert(one.next()->path);
    paths.insert(other.next()->path);
  }

  EXPECT_EQ(paths.size(), 100U);
}

TEST(Workload, refusesWhatIsNoMix) {
  for (const std::string mix : {"", ",", "=", "delete", "generate=", "generate=0", "generate=-1",
                                "generate=x", "generate=1001", "generate=1x", "generate;version"}) {
    EXPECT_THROW(make(mix), std::runtime_error) << mix;
  }
}

}  // namespace
}  // namespace kes::load
