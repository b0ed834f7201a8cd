// What the host makes of a store that breaks its contract while it is open.
#include <gmock/gmock.h>

#include "keystore/plugin_store.h"

namespace kes::test {
namespace {

using keystore::StoreError;
using keystore::StoreFailure;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<keystore::BlobStore> open(const std::string& id) {
  keystore::StoreSettings settings;
  settings.id = id;
  settings.pluginDirs = {KES_MISUSE_DIR};
  auto store = keystore::openPluginStore(settings);
  if (!store) throw std::runtime_error(store.error().message);
  return std::move(*store);
}

keystore::Call soon() {
  return {base::SteadyClock::now() + std::chrono::seconds(60), 1, nullptr};
}

struct Misuse {
  std::string id;
  StoreError error;
  std::string says;
};

void PrintTo(const Misuse& misuse, std::ostream* out) {
  *out << misuse.id;
}

std::string nameOf(const testing::TestParamInfo<Misuse>& misuse) {
  std::string name = misuse.param.id;
  std::ranges::replace(name, '-', '_');
  return name;
}

class Get : public testing::TestWithParam<Misuse> {};

TEST_P(Get, failsAndSaysHowTheContractWasBroken) {
  const auto value = open(GetParam().id)->get("my-key", soon());
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().error, GetParam().error);
  EXPECT_THAT(value.error().text, HasSubstr(GetParam().says));
}

const Misuse kGets[] = {
    {"get-without-commit", StoreError::internal, "returned KES_OK without having committed a value"},
    {"double-commit", StoreError::internal,
     "plugin double-commit broke its contract: it committed a value twice"},
    {"double-reserve", StoreError::internal, "reserved memory for a value twice"},
    {"commit-without-reserve", StoreError::internal, "committed a value without memory reserved for it"},
    {"commit-too-much", StoreError::internal, "committed 5 bytes with 4 reserved"},
    {"oversized-reserve", StoreError::corrupt,
     "the stored value has 1048577 bytes, at most 1048576 are allowed"},
    {"error-after-commit", StoreError::unavailable, "KES_E_UNAVAILABLE"},
    {"unknown-code", StoreError::internal, "get returned the unknown code 77: the moon is full"},
    {"pending", StoreError::internal, "get returned the unknown code -1"},
    {"misplaced-code", StoreError::internal, "get returned KES_E_EXISTS, which means nothing there"},
    {"throws", StoreError::internal, "off the map (KES_E_INTERNAL)"},
};

INSTANTIATE_TEST_SUITE_P(Misuse, Get, testing::ValuesIn(kGets), nameOf);

class List : public testing::TestWithParam<Misuse> {};

TEST_P(List, failsAndSaysHowTheContractWasBroken) {
  const auto listed = open(GetParam().id)->list("", soon(), [](std::string_view) { return true; });
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().error, StoreError::internal);
  EXPECT_THAT(listed.error().text, HasSubstr(GetParam().says));
}

const Misuse kLists[] = {
    {"stuck-cursor", StoreError::internal, "gave a cursor for the second time in one listing"},
    {"circling-cursor", StoreError::internal, "gave a cursor for the second time in one listing"},
    {"huge-cursor", StoreError::internal, "gave a cursor of 1025 bytes: 1 to 1024 are allowed"},
    {"empty-cursor", StoreError::internal, "gave a cursor of 0 bytes"},
    {"two-cursors", StoreError::internal, "gave two cursors for one page"},
    {"long-name", StoreError::internal, "listed what is not a name (1025 bytes)"},
    {"empty-name", StoreError::internal, "listed what is not a name (0 bytes)"},
    {"null-name", StoreError::internal, "listed what is not a name (0 bytes)"},
    {"name-not-utf8", StoreError::internal, "listed what is not a name (4 bytes)"},
    {"name-with-control", StoreError::internal, "listed what is not a name (3 bytes)"},
    {"throws", StoreError::internal, "KES_E_INTERNAL"},
};

INSTANTIATE_TEST_SUITE_P(Misuse, List, testing::ValuesIn(kLists), nameOf);

TEST(Listing, endsWhenTheCallerHasEnoughWhateverThePluginDoes) {
  std::vector<std::string> names;
  ASSERT_TRUE(open("ignores-stop")->list("", soon(), [&](std::string_view name) {
    names.emplace_back(name);
    return names.size() < 3;
  }));
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
}

TEST(Listing, dropsNamesThatDoNotStartWithThePrefix) {
  std::vector<std::string> names;
  ASSERT_TRUE(open("foreign-names")->list("my", soon(), [&](std::string_view name) {
    names.emplace_back(name);
    return true;
  }));
  EXPECT_THAT(names, ElementsAre("my-key"));
}

TEST(Listing, carriesAnExceptionOfTheCallerAroundThePlugin) {
  const auto store = open("ignores-stop");
  EXPECT_THROW(
      (void)store->list("", soon(), [](std::string_view) -> bool { throw std::domain_error("enough"); }),
      std::domain_error);
}

TEST(Listing, endsAtTheDeadlineEvenIfTheCursorsDoNot) {
  const auto listed =
      open("stuck-cursor")->list("", {base::SteadyClock::now(), 0, nullptr}, [](std::string_view) {
        return true;
      });
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().error, StoreError::timeout);
}

TEST(ErrorTexts, areCutAndEscaped) {
  const auto value = open("long-error")->get("my-key", soon());
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().text, testing::StartsWith("\\x01\\x01"));
  EXPECT_LE(value.error().text.size(), 1024 + std::string(" (KES_E_INTERNAL)").size());
}

TEST(Exceptions, becomeErrorsOfTheCatalogue) {
  const auto store = open("throws");
  const auto created = store->create("my-key", base::bytesOf("blob"), soon());
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().error, StoreError::internal);
  EXPECT_THAT(created.error().text, HasSubstr("an exception of unknown type"));
  const auto status = store->status(soon());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().error, StoreError::unavailable);
  const auto removed = store->remove("my-key", soon());
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().error, StoreError::throttled);
  EXPECT_EQ(removed.error().text, "slower, please (KES_E_THROTTLED)");
  EXPECT_EQ(store->description(), "Thrower");
}

TEST(Leftovers, areComplainedAboutInTheLog) {
  std::vector<std::string> lines;
  keystore::setPluginLogSink([&](int, std::string_view id, std::string_view text) {
    lines.push_back(std::string(id) + ": " + std::string(text));
  });
  open("leaves-things")->close();
  keystore::setPluginLogSink({});
  EXPECT_THAT(
      lines,
      ElementsAre("leaves-things: the plugin released secret memory that is not its own, or twice",
                  "leaves-things: the store was closed while threads of the plugin were still attached"));
}

}  // namespace
}  // namespace kes::test
