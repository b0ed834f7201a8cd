#include "observe/audit_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <optional>
#include <string>

#include "observe/log.h"
#include "support/temp_dir.h"

namespace kes::observe {
namespace {

std::string textOf(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

AuditRecord recordOf(std::string_view path) {
  return {.level = level::kDebug,
          .message = "served",
          .request = {"GET", path, "127.0.0.1", "abc"},
          .status = 200};
}

constexpr LogSettings kSilent{.error = 9, .audit = 9};

TEST(AuditFile, isMadeForItsOwnerAndAppendedTo) {
  const test::TempDir folder;
  const std::string path = folder / "audit.log";
  for (const char* const line : {"one\n", "two\n"}) {
    auto file = AuditFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(file->append(line));
    EXPECT_TRUE(file->sync());
  }
  EXPECT_EQ(textOf(path), "one\ntwo\n");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(AuditFile, saysWhichFileCannotBeOpened) {
  const test::TempDir folder;
  for (const std::string& path :
       {std::string(folder / "missing/audit.log"), std::string(folder / "."), std::string("/dev/null")}) {
    const auto file = AuditFile::open(path);
    ASSERT_FALSE(file) << path;
    EXPECT_NE(file.error().message.find(path), std::string::npos) << file.error().message;
  }
}

TEST(AuditLog, goesToTheFileWhateverTheConsoleShows) {
  const test::TempDir folder;
  const std::string path = folder / "audit.log";
  {
    Log log(kSilent, std::move(*AuditFile::open(path)));
    EXPECT_TRUE(log.auditEnabled(level::kDebug));
    log.audit(recordOf("/v1/status"));
  }
  const std::string text = textOf(path);
  EXPECT_TRUE(text.starts_with("{\"time\":\"")) << text;
  EXPECT_NE(text.find("\"path\":\"/v1/status\""), text.npos) << text;
  EXPECT_TRUE(text.ends_with("\"res\":{\"code\":200,\"time\":0}}\n")) << text;
}

TEST(AuditLog, goesOnInTheFileThatARotationHasMade) {
  const test::TempDir folder;
  const std::string path = folder / "audit.log";
  {
    Log log(kSilent, std::move(*AuditFile::open(path)));
    std::promise<bool> first;
    log.audit(recordOf("/first"), [&](bool recorded) { first.set_value(recorded); });
    EXPECT_TRUE(first.get_future().get());
    std::filesystem::rename(path, path + ".1");
    log.configure(kSilent, std::move(*AuditFile::open(path)));
    log.audit(recordOf("/second"));
  }
  EXPECT_NE(textOf(path + ".1").find("/first"), std::string::npos);
  EXPECT_EQ(textOf(path).find("/first"), std::string::npos);
  EXPECT_NE(textOf(path).find("/second"), std::string::npos);
}

TEST(AuditLog, isReadableOnceItSaysThatARecordIs) {
  const test::TempDir folder;
  const std::string path = folder / "audit.log";
  Log log({.error = 9, .audit = 9, .auditRequired = true}, std::move(*AuditFile::open(path)));
  EXPECT_TRUE(log.auditRequired());
  AuditRecord intent = recordOf("/v1/key/create/a");
  intent.status = 0;
  std::promise<std::string> seen;
  log.audit(intent, [&](bool recorded) { seen.set_value(recorded ? textOf(path) : "not recorded"); });
  const std::string text = seen.get_future().get();
  EXPECT_NE(text.find("/v1/key/create/a"), text.npos) << text;
  EXPECT_EQ(text.find("\"res\""), text.npos) << "nothing has come of it yet: " << text;
}

TEST(AuditLog, saysThatThereIsNoRecordWithoutAFile) {
  Log log(kSilent);
  std::promise<bool> recorded;
  log.audit(recordOf("/x"), [&](bool done) { recorded.set_value(done); });
  EXPECT_FALSE(recorded.get_future().get());
}

}  // namespace
}  // namespace kes::observe
