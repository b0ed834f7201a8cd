// What the server measures itself by: CPUs, memory for bodies.

#include <gtest/gtest.h>

#include <filesystem>

#include "http/body_budget.h"
#include "http/usable_cpus.h"
#include "unit/http/test_server.h"

namespace kes::http {
namespace {

TEST(UsableCpus, areAtLeastOne) {
  EXPECT_GE(usableCpus(), 1U);
}

struct QuotaCase {
  const char* name;
  std::string membership;
  std::vector<std::pair<std::string, std::string>> files;  // below the root
  std::size_t cpus;
};

class CgroupQuota : public testing::TestWithParam<QuotaCase> {};

TEST_P(CgroupQuota, isTheTightestRoundedUp) {
  const test::TempDir dir;
  for (const auto& [file, text] : GetParam().files) {
    std::filesystem::create_directories(std::filesystem::path(dir.path() + "/fs/" + file).parent_path());
    dir.write("fs/" + file, text);
  }

  EXPECT_EQ(cgroupCpuQuota(dir.write("cgroup", GetParam().membership), dir.path() + "/fs"), GetParam().cpus);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CgroupQuota,
    testing::Values(QuotaCase{"NoFiles", "0::/a\n", {}, 0},
                    QuotaCase{"V2Max", "0::/a\n", {{"a/cpu.max", "max 100000\n"}}, 0},
                    QuotaCase{"V2OneAndAHalf", "0::/a\n", {{"a/cpu.max", "150000 100000\n"}}, 2},
                    QuotaCase{"V2Fraction", "0::/a\n", {{"a/cpu.max", "20000 100000\n"}}, 1},
                    QuotaCase{"V2ParentIsTighter",
                              "0::/a/b\n",
                              {{"a/b/cpu.max", "800000 100000\n"}, {"a/cpu.max", "300000 100000\n"}},
                              3},
                    QuotaCase{"V2RootOfANamespace", "0::/\n", {{"cpu.max", "200000 100000\n"}}, 2},
                    QuotaCase{"V2OutsideOfTheNamespace", "0::/../x\n", {{"cpu.max", "200000 100000\n"}}, 0},
                    QuotaCase{
                        "V1",
                        "4:cpuacct,cpu:/d\n3:memory:/d\n",
                        {{"cpu/d/cpu.cfs_quota_us", "250000\n"}, {"cpu/d/cpu.cfs_period_us", "100000\n"}},
                        3},
                    QuotaCase{"V1None",
                              "4:cpu:/d\n",
                              {{"cpu/d/cpu.cfs_quota_us", "-1\n"}, {"cpu/d/cpu.cfs_period_us", "100000\n"}},
                              0},
                    QuotaCase{"Nonsense", "x\n::\n0\n", {}, 0}),
    [](const auto& test) { return test.param.name; });

TEST(BodyBudget, refusesMoreThanThereIsInTheWhole) {
  auto memory = std::make_shared<BodyMemory>(100);
  BodyBudget one(memory, 10);
  BodyBudget other(memory, 10);

  EXPECT_TRUE(one.take(60));
  EXPECT_FALSE(other.take(41));
  EXPECT_TRUE(other.take(30));
  EXPECT_FALSE(other.take(30));
}

TEST(BodyBudget, whatIsGivenBackCanBeTakenByOthers) {
  auto memory = std::make_shared<BodyMemory>(100);
  BodyBudget one(memory, 5);
  BodyBudget other(memory, 5);
  ASSERT_TRUE(one.take(90));

  one.give(90);

  EXPECT_TRUE(other.take(90));
}

TEST(BodyBudget, returnsEverythingWhenItDies) {
  auto memory = std::make_shared<BodyMemory>(100);
  {
    BodyBudget one(memory, 10);
    ASSERT_TRUE(one.take(100));
    one.give(100);
  }
  EXPECT_TRUE(memory->take(100));
}

}  // namespace
}  // namespace kes::http
