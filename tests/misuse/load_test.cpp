// What the host refuses to load or to open, and what it says then.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "keystore/plugin_store.h"
#include "support/temp_dir.h"

namespace kes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

keystore::StoreSettings settingsOf(const std::string& id, const std::string& configuration = "{}") {
  keystore::StoreSettings settings;
  settings.id = id;
  settings.configuration = configuration;
  settings.pluginDirs = {KES_MISUSE_DIR};
  settings.locations.add("", {"kes.yml", 3, 1});
  settings.locations.add("/endpoint", {"kes.yml", 4, 15});
  settings.locations.add("/token", {"kes.yml", 5, 12});
  settings.locations.add("/tls", {"kes.yml", 6, 3});
  settings.locations.add("/hosts/1", {"kes.yml", 9, 7});
  return settings;
}

std::string refusalOf(const keystore::StoreSettings& settings) {
  const auto store = keystore::openPluginStore(settings);
  return store ? "opened" : store.error().message;
}

// ---- plugins that are wrong

struct Refusal {
  std::string id;
  std::string says;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.id;
}

class Loading : public testing::TestWithParam<Refusal> {};

TEST_P(Loading, isRefusedWithAPreciseText) {
  const std::string file = std::string(KES_MISUSE_DIR) + "/" + GetParam().id + ".so";
  std::string says = GetParam().says;
  if (const auto at = says.find("FILE"); at != std::string::npos) says.replace(at, 4, file);
  EXPECT_THAT(refusalOf(settingsOf(GetParam().id)), HasSubstr(says));
}

const Refusal kRefusals[] = {
    {"no-entry", "FILE is not a kes plugin: it does not export kes_plugin_entry_v0"},
    {"unresolved", "undefined symbol: nobody_has_this"},
    {"other-major", "FILE is built for version 7 of the plugin interface, this server speaks version 0"},
    {"wrong-magic", "FILE: kes_plugin_entry_v0 does not return a kes_plugin_v0 (wrong magic)"},
    {"magic-of-other-major",
     "FILE is built for version 3 of the plugin interface, this server speaks version 0"},
    {"null-description", "FILE: kes_plugin_entry_v0 returned NULL"},
    {"short-description", "FILE: its kes_plugin_v0 has struct_size 40, at least 104 are needed"},
    {"needs-newer-host", "FILE needs a server with plugin interface 0.99 or newer, this one has 0.0"},
    {"other-id",
     "FILE is the plugin \"somebody-else\": a plugin's file is named after its id, somebody-else.so"},
    {"null-texts", "FILE: its kes_plugin_v0 lacks vendor, config_schema"},
    {"no-store", "FILE: its kes_plugin_v0 has no store"},
    {"short-store", "FILE: its kes_store_functions_v0 has struct_size 16, at least 64 are needed"},
    {"null-functions", "FILE: its kes_store_functions_v0 lacks get, list"},
    {"schema-not-json", "key store plugin schema-not-json: its configuration schema is not a JSON object"},
    {"schema-not-schema", "key store plugin schema-not-schema: its configuration schema "},
    {"open-without-store", "key store open-without-store: its plugin reported success without a store"},
};

INSTANTIATE_TEST_SUITE_P(Misuse, Loading, testing::ValuesIn(kRefusals), [](const auto& refusal) {
  std::string name = refusal.param.id;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Opening, printsWhatThePluginSaysOnOneLineWithFileAndLineOfWhatItBlames) {
  EXPECT_EQ(
      refusalOf(settingsOf("open-fails")),
      "kes.yml:4:15: key store open-fails: cannot be opened: the back end said:\\n\\x1b[31mno\\x1b[0m \uFFFD "
      "(KES_E_DENIED) (at /endpoint)");
}

TEST(Opening, turnsAnExceptionIntoARefusal) {
  EXPECT_THAT(refusalOf(settingsOf("throws", R"({"throw": true})")),
              HasSubstr("cannot be opened: no store today (KES_E_INTERNAL)"));
  EXPECT_THAT(refusalOf(settingsOf("throws", R"({"throw": 7})")),
              HasSubstr("cannot be opened: is of the wrong type (KES_E_INVALID) (at /throw)"));
}

TEST(Opening, takesPluginsOfOlderAndNewerHeaders) {
  for (const std::string id : {"older-header", "newer-header"}) {
    auto store = keystore::openPluginStore(settingsOf(id));
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ((*store)->description(), id == "older-header" ? "An old one" : "A new one");
    EXPECT_TRUE((*store)->status({base::SteadyClock::now(), 0, nullptr}));
    EXPECT_FALSE((*store)->serial());
  }
}

// ---- files that are wrong

TEST(Finding, saysWhereItLookedAndWhatIsThere) {
  const TempDir empty;
  const TempDir full;
  for (const char* name : {"one.so", "two.so", "Not-An-Id.so", "readme.txt"})
    std::ofstream(full / name) << "x";
  std::filesystem::create_directory(full / "dir.so");
  auto settings = settingsOf("three");
  settings.pluginDirs = {empty.path(), full.path(), full / "no-such-directory"};
  EXPECT_EQ(refusalOf(settings), "key store plugin \"three\" is not installed: there is no three.so in " +
                                     empty.path().string() + ", " + full.path().string() + ", " +
                                     (full / "no-such-directory").string() + "; installed plugins: one, two");
  settings.pluginDirs = {};
  EXPECT_THAT(refusalOf(settings), HasSubstr("installed plugins: none"));
}

TEST(Finding, takesNoIdThatLeavesTheDirectory) {
  for (const char* id : {"", "../fs", "a/b", "Fs", "1fs", "-fs", "fs.so", "a_b",
                         "a23456789012345678901234567890123", "fs\n"}) {
    EXPECT_THAT(refusalOf(settingsOf(id)), HasSubstr("is not the name of a key store plugin")) << id;
  }
}

class PluginFile : public testing::Test {
 protected:
  // Puts a copy of a fixture that can be loaded there, as the plugin "older-header".
  PluginFile() {
    std::filesystem::create_directory(dir_ / "plugins");
    std::filesystem::copy(std::string(KES_MISUSE_DIR) + "/older-header.so", file_);
    setMode(file_, 0644);
    setMode(dir_ / "plugins", 0755);
    settings_.pluginDirs = {dir_ / "plugins"};
  }

  static void setMode(const std::filesystem::path& path, mode_t mode) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }

  TempDir dir_;
  std::filesystem::path file_ = dir_ / "plugins" / "older-header.so";
  keystore::StoreSettings settings_ = settingsOf("older-header");
};

TEST_F(PluginFile, isLoadedFromADirectoryThatOthersCannotWrite) {
  EXPECT_EQ(refusalOf(settings_), "opened");
}

TEST_F(PluginFile, isFoundInTheFirstDirectoryThatHasIt) {
  const TempDir first;
  std::ofstream(first / "older-header.so") << "text";
  settings_.pluginDirs = {first.path(), dir_ / "plugins"};
  EXPECT_THAT(refusalOf(settings_),
              HasSubstr(first.path().string() + "/older-header.so is not a shared object"));
}

TEST_F(PluginFile, mustNotBeWritableByOthers) {
  setMode(file_, 0664);
  EXPECT_THAT(refusalOf(settings_),
              AllOf(StartsWith(file_.string() + " may be written by its group (mode 0664)"),
                    HasSubstr("chmod go-w " + file_.string())));
  setMode(file_, 0646);
  EXPECT_THAT(refusalOf(settings_), HasSubstr("may be written by anybody (mode 0646)"));
}

TEST_F(PluginFile, mustNotLieWhereOthersCanReplaceIt) {
  setMode(dir_ / "plugins", 0775);
  EXPECT_THAT(refusalOf(settings_), HasSubstr("/plugins may be written by its group (mode 0775)"));
  setMode(dir_ / "plugins", 01777);
  EXPECT_THAT(refusalOf(settings_), HasSubstr("/plugins may be written by anybody (mode 1777)"));
  setMode(dir_ / "plugins", 0755);
  setMode(dir_.path(), 0777);
  EXPECT_THAT(refusalOf(settings_),
              StartsWith(dir_.path().string() + " may be written by anybody (mode 0777)"));
}

TEST_F(PluginFile, mayLieBelowADirectoryWhereEveryoneOwnsTheirOwn) {
  setMode(dir_.path(), 01777);
  EXPECT_EQ(refusalOf(settings_), "opened");
}

TEST_F(PluginFile, mustNotBeALinkOrAnythingButAFile) {
  std::filesystem::rename(file_, dir_ / "elsewhere.so");
  std::filesystem::create_symlink(dir_ / "elsewhere.so", file_);
  EXPECT_EQ(refusalOf(settings_), file_.string() + " is a symbolic link: put the plugin itself there");
  std::filesystem::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0644), 0);
  EXPECT_EQ(refusalOf(settings_), file_.string() + " is not a regular file");
}

TEST_F(PluginFile, mayBeReachedThroughADirectoryThatIsALink) {
  std::filesystem::create_directory_symlink(dir_ / "plugins", dir_ / "link");
  settings_.pluginDirs = {dir_ / "link"};
  EXPECT_EQ(refusalOf(settings_), "opened");
  setMode(dir_ / "plugins", 0777);
  EXPECT_THAT(refusalOf(settings_), HasSubstr("/plugins may be written by anybody"));
}

TEST_F(PluginFile, mustBeASharedObject) {
  for (const std::string content : {"", "#!/bin/sh\n",
                                    "\x7f"
                                    "ELF and no more"}) {
    std::ofstream(file_) << content;
    EXPECT_THAT(refusalOf(settings_), StartsWith(file_.string() + " is not a shared object"));
  }
  std::filesystem::copy("/proc/self/exe", file_, std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(refusalOf(settings_), StartsWith(file_.string()));
}

TEST_F(PluginFile, mustHaveTheHashTheConfigurationPins) {
  settings_.sha256 = std::string(64, 'A');
  const std::string refusal = refusalOf(settings_);
  EXPECT_THAT(refusal, HasSubstr("the configuration demands " + std::string(64, 'a')));
  const std::string says = file_.string() + " has SHA-256 ";
  ASSERT_THAT(refusal, StartsWith(says));
  settings_.sha256 = refusal.substr(says.size(), 64);
  EXPECT_EQ(refusalOf(settings_), "opened");
}

TEST_F(PluginFile, isLoadedAsItWasWhenChecked) {
  auto store = keystore::openPluginStore(settings_);
  ASSERT_TRUE(store);
  std::filesystem::resize_file(file_, 0);
  EXPECT_TRUE((*store)->status({base::SteadyClock::now(), 0, nullptr}));
  EXPECT_THAT(refusalOf(settings_), HasSubstr("is not a shared object: it is empty"));
}

// ---- configurations that are wrong

struct BadSetting {
  const char* configuration;
  std::string says;
};

TEST(Configuration, isRefusedWithFileAndLineAndWithoutItsValues) {
  const BadSetting cases[] = {
      {R"({})", "kes.yml:3:1: key store with-settings: Missing required property 'endpoint'."},
      {"null", "kes.yml:3:1: key store with-settings: Missing required property 'endpoint'."},
      {R"({"endpoint": 5})", "kes.yml:4:15: key store with-settings: "},
      {R"({"endpoint": "http://SECRET"})",
       "kes.yml:4:15: key store with-settings: Failed to match regex specified by 'pattern' constraint. (at "
       "/endpoint)"},
      {R"({"endpoint": "https://x", "token": "SECRET"})",
       "kes.yml:5:12: key store with-settings: String should be no more than 4 characters in length. (at "
       "/token)"},
      {R"({"endpoint": "https://x", "tls": {"a/b~c": "SECRET"}})", "(at /tls/a~1b~0c)"},
      {R"({"endpoint": "https://x", "tls": {"a/b~c": "SECRET"}})", "kes.yml:6:3: "},
      {R"({"endpoint": "https://x", "hosts": ["a", 7]})", "kes.yml:9:7: "},
      {R"({"endpoint": "https://x", "tokn": "SECRET"})",
       "kes.yml:3:1: key store with-settings: is not a setting of this plugin (at /tokn)"},
      {R"(["SECRET"])", "kes.yml:3:1: "},
      {R"({"endpoint": SECRET)", "kes.yml:3:1: key store with-settings: is not valid JSON"},
  };
  for (const auto& [configuration, says] : cases) {
    const std::string refusal = refusalOf(settingsOf("with-settings", configuration));
    EXPECT_THAT(refusal, AllOf(HasSubstr(says), Not(HasSubstr("SECRET")))) << configuration;
  }
  EXPECT_EQ(refusalOf(settingsOf("with-settings", R"({"endpoint": "https://x", "token": "four"})")),
            "opened");
}

}  // namespace
}  // namespace kes::test
