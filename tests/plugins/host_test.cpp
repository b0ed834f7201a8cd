// What a plugin gets from the host, seen from inside the plugin `services`.
#include <gmock/gmock.h>

#include <algorithm>

#include "plugins/store_under_test.h"

namespace kes::test {
namespace {

using testing::ElementsAre;

constexpr const char* kConfiguration = R"({
  "text": "abc", "list": [1, 22, 333], "deep": {"flag": true}, "nothing": null,
  "digits": "-12", "word": "true", "almost": ["", " 1", "1.5", 1.5, true, "99999999999999999999"]
})";

keystore::StoreSettings services() {
  keystore::StoreSettings settings;
  settings.id = "services";
  settings.configuration = kConfiguration;
  settings.pluginDirs = {KES_FIXTURE_DIR};
  return settings;
}

TEST(Host, givesAPluginItsServices) {
  const std::pair<const char*, std::string> expected[] = {
      {"deadline", "ahead"},
      {"config", kConfiguration},
      {"string", "abc"},
      {"integer", "22"},
      {"boolean", "true"},
      {"integer in text", "-12"},
      {"boolean in text", "true"},
      {"no integers", "0"},
      {"size", "3"},
      {"missing", "none"},
      {"null", "none"},
      {"of another type", "is of the wrong type/text"},
      {"unknown extension", "null"},
      {"random", "different"},
      {"clock", "agrees"},
      {"thread", "blocked services/a-rath"},
      {"config after open", "gone"},
  };
  const auto store = mustOpen(services());
  for (const auto& [name, value] : expected) EXPECT_EQ(valueOf(store->get(name, soon())), value) << name;
  EXPECT_THAT(valueOf(store->get("host", soon())), testing::StartsWith("kes/"));
  EXPECT_TRUE(store->serial());
  EXPECT_FALSE(store->atomicCreate());
}

TEST(Host, tellsOfTheRequestBehindACall) {
  const auto store = mustOpen(services());
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const keystore::Call call{soon().deadline, 4711, cancelled};
  EXPECT_EQ(valueOf(store->get("request", call)), "4711");
  EXPECT_EQ(valueOf(store->get("cancelled", call)), "no");
  *cancelled = true;
  EXPECT_EQ(valueOf(store->get("cancelled", call)), "yes");
}

TEST(Host, showsADescriptionOnOneLine) {
  EXPECT_EQ(mustOpen(services())->description(), "Services:\\nall of them");
}

TEST(Host, passesTheLogOnWithFieldsAndWithoutControlCharacters) {
  std::vector<std::string> lines;
  keystore::setPluginLogSink([&](int level, std::string_view id, std::string_view text) {
    lines.push_back(std::to_string(level) + " " + std::string(id) + ": " + std::string(text));
  });
  (void)mustOpen(services());
  keystore::setPluginLogSink({});
  EXPECT_THAT(lines, ElementsAre(R"(1 services: opened plain=value quoted="two words" empty="" request=7)",
                                 R"(3 services: line\nbreak\x1b[0m)", "3 services: too loud"));
}

TEST(Host, countsForAPluginAcrossItsStores) {
  const auto metricsOf = [](const std::string& name) {
    std::vector<std::int64_t> values;
    for (const auto& metric : keystore::pluginMetrics()) {
      if (metric.pluginId == "services" && metric.name == name) values.push_back(metric.value);
    }
    return values.empty() ? 0 : values.front();
  };
  const auto before = metricsOf("calls_total");
  (void)mustOpen(services())->get("host", soon());
  (void)mustOpen(services())->get("host", soon());
  EXPECT_EQ(metricsOf("calls_total"), before + 6);
  EXPECT_EQ(metricsOf("level"), -2);
}

TEST(Host, takesALimitedNumberOfMetricsWithProperNames) {
  (void)mustOpen(services());
  const auto metrics = keystore::pluginMetrics();
  EXPECT_EQ(std::ranges::count(metrics, "services", &keystore::PluginMetric::pluginId), 64);
  EXPECT_EQ(std::ranges::count(metrics, "No-Name", &keystore::PluginMetric::name), 0);
  const auto calls = std::ranges::find(metrics, "calls_total", &keystore::PluginMetric::name);
  ASSERT_NE(calls, metrics.end());
  EXPECT_EQ(calls->kind, keystore::PluginMetric::Kind::counter);
  EXPECT_EQ(calls->help, "Calls.");
}

// The page is compiled into the plugin `first` as it stands.
TEST(Documentation, showsAPluginThatWorks) {
  keystore::StoreSettings settings;
  settings.id = "first";
  settings.pluginDirs = {KES_FIXTURE_DIR};
  const auto store = mustOpen(settings);
  EXPECT_EQ(store->description(), "A first plugin");
  EXPECT_TRUE(failsWith(store->get("my-key", soon()), keystore::StoreError::notFound));
  ASSERT_TRUE(store->create("my-key", base::bytesOf("value"), soon()));
  EXPECT_TRUE(
      failsWith(store->create("my-key", base::bytesOf("other"), soon()), keystore::StoreError::exists));
  EXPECT_TRUE(
      failsWith(store->create("second", base::bytesOf("x"), soon()), keystore::StoreError::unavailable));
  EXPECT_EQ(valueOf(store->get("my-key", soon())), "value");
  EXPECT_THAT(namesIn(*store), ElementsAre("my-key"));
  EXPECT_TRUE(store->status(soon()));
  EXPECT_TRUE(store->remove("my-key", soon()));
  EXPECT_THAT(namesIn(*store), ElementsAre());
}

}  // namespace
}  // namespace kes::test
