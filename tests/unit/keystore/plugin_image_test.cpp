#include "keystore/plugin_image.h"

#include <gmock/gmock.h>

namespace kes::keystore {
namespace {

constexpr uid_t kServer = 990;

struct Case {
  uid_t owner;
  mode_t mode;
  PathRole role;
  bool trusted;
};

TEST(CheckTrusted, demandsThatOnlyRootAndTheServerCanChangeAPlugin) {
  const Case cases[] = {
      {0, 0755, PathRole::plugin, true},          {kServer, 0644, PathRole::plugin, true},
      {1000, 0644, PathRole::plugin, false},      {0, 0664, PathRole::plugin, false},
      {0, 0646, PathRole::plugin, false},         {0, 01777, PathRole::plugin, false},
      {0, 0755, PathRole::directory, true},       {1000, 0755, PathRole::directory, false},
      {0, 0775, PathRole::directory, false},      {0, 01777, PathRole::directory, false},
      {0, 01777, PathRole::ancestor, true},       {kServer, 01775, PathRole::ancestor, true},
      {1000, 01777, PathRole::ancestor, false},   {1000, 0700, PathRole::ancestor, false},
      {kServer, 0777, PathRole::ancestor, false}, {0, 0775, PathRole::ancestor, false},
  };
  for (const Case& one : cases) {
    struct stat status{};
    status.st_uid = one.owner;
    status.st_mode = one.mode;
    EXPECT_EQ(checkTrusted(status, "/p", one.role, kServer).has_value(), one.trusted)
        << one.owner << " " << std::oct << one.mode;
  }
}

TEST(CheckTrusted, saysWhoseItIsAndWhoseItShouldBe) {
  struct stat status{};
  status.st_uid = 1000;
  status.st_mode = 0755;
  EXPECT_THAT(
      checkTrusted(status, "/opt/fs.so", PathRole::plugin, kServer).error().message,
      testing::AllOf(testing::StartsWith("/opt/fs.so belongs to user 1000"), testing::EndsWith("(990)")));
}

}  // namespace
}  // namespace kes::keystore
