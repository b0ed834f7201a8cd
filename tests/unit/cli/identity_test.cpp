#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>
#include <regex>

#include "crypto/api_key.h"
#include "crypto/x509.h"
#include "program_under_test.h"
#include "support/temp_dir.h"

namespace kes::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kApiKey = "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs";
const std::string kIdentity = "ea9826089311fe44d7590408ede9150f7c637b6cab0a91ee6fe1aa5d9fb366f6";

class IdentityCommand : public testing::Test {
 protected:
  int makeFiles(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"identity", "new", "--key", key, "--cert", certificate};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return kes.run(arguments);
  }

  static std::string contentOf(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static unsigned modeOf(const std::string& file) {
    struct stat status{};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }

  [[nodiscard]] std::string printedApiKey() const {
    std::smatch match;
    return std::regex_search(kes.out, match, std::regex("kes:v1:[A-Za-z0-9+/=]{44}")) ? match.str() : "";
  }

  test::TempDir directory;
  std::string key = directory / "my.key";
  std::string certificate = directory / "my.crt";
  ProgramUnderTest kes;
};

TEST_F(IdentityCommand, printsABareApiKeyOnAPipe) {
  ASSERT_EQ(kes.run({"identity"}), 0);
  EXPECT_TRUE(crypto::ApiKey::parse(kes.out));
  EXPECT_EQ(kes.out.size(), 51U);
}

TEST_F(IdentityCommand, printsABareIdentityOnAPipe) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"identity", kApiKey}, {"identity", "of", kApiKey}, {"tool", "identity", "of", kApiKey}}) {
    ASSERT_EQ(kes.run(arguments), 0) << kes.err;
    EXPECT_EQ(kes.out, kIdentity);
  }
}

TEST_F(IdentityCommand, explainsOnATerminal) {
  kes.onTerminal = true;
  ASSERT_EQ(kes.run({"identity", "of", kApiKey}), 0);
  EXPECT_EQ(kes.out, "Identity:\n\n   " + kIdentity + "\n");
  ASSERT_EQ(kes.run({"identity", kApiKey}), 0);
  EXPECT_THAT(kes.out, HasSubstr("An identity is a fingerprint of your API key"));
  ASSERT_EQ(kes.run({"identity"}), 0);
  EXPECT_THAT(kes.out, HasSubstr("This is the only time it is shown."));
}

TEST_F(IdentityCommand, newWritesAKeyForItsOwnerAndACertificateForAll) {
  ASSERT_EQ(makeFiles(), 0) << kes.err;
  EXPECT_EQ(modeOf(key), 0600U);
  EXPECT_EQ(modeOf(certificate), 0644U);
  const std::string apiKey = printedApiKey();
  const std::string identity = crypto::ApiKey::parse(apiKey)->identity();
  EXPECT_THAT(kes.out, HasSubstr("Your Identity:\n\n   " + identity + "\n"));

  ASSERT_EQ(kes.run({"identity", "of", certificate}), 0);
  EXPECT_EQ(kes.out, identity);
  ASSERT_EQ(kes.run({"identity", certificate}), 0);
  EXPECT_EQ(kes.out, identity);
  ASSERT_EQ(kes.run({"identity", key}), 0);
  EXPECT_EQ(kes.out, apiKey);
  EXPECT_TRUE(crypto::readKeyPair(certificate, key, ""));
}

TEST_F(IdentityCommand, theFirstBlockOfAFileDecides) {
  ASSERT_EQ(makeFiles(), 0);
  const std::string identity = crypto::ApiKey::parse(printedApiKey())->identity();
  const std::string both = directory / "both.pem";
  std::ofstream(both) << contentOf(certificate) << contentOf(key);
  ASSERT_EQ(kes.run({"identity", both}), 0) << kes.err;
  EXPECT_EQ(kes.out, identity);
  EXPECT_EQ(kes.run({"identity", "of", both}), 1);
}

TEST_F(IdentityCommand, newPutsNamesIntoTheCertificate) {
  ASSERT_EQ(makeFiles(), 0);
  EXPECT_FALSE(crypto::hasSubjectAlternativeName(crypto::readCertificates(certificate)->front().get()));
  ASSERT_EQ(makeFiles({"-f", "--ip", "127.0.0.1,::1", "--dns", "a.example", "subject"}), 0) << kes.err;
  X509* made = crypto::readCertificates(certificate)->front().release();
  const crypto::Certificate owner(made);
  EXPECT_EQ(X509_check_ip_asc(made, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(made, "::1", 0), 1);
  EXPECT_EQ(X509_check_host(made, "a.example", 0, 0, nullptr), 1);
  char* name = X509_NAME_oneline(X509_get_subject_name(made), nullptr, 0);
  EXPECT_STREQ(name, "/CN=subject");
  OPENSSL_free(name);
}

TEST_F(IdentityCommand, newKeepsFilesThatExistUnlessForced) {
  ASSERT_EQ(makeFiles(), 0);
  const std::string before = contentOf(key);
  EXPECT_EQ(makeFiles(), 1);
  EXPECT_EQ(kes.err, "Error: private key already exists. Use --force to overwrite it\n");
  std::filesystem::remove(key);
  EXPECT_EQ(makeFiles(), 1);
  EXPECT_EQ(kes.err, "Error: certificate already exists. Use --force to overwrite it\n");
  EXPECT_FALSE(std::filesystem::exists(key));

  std::ofstream(key) << "old";
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  ASSERT_EQ(makeFiles({"--force"}), 0);
  EXPECT_EQ(modeOf(key), 0600U);
  EXPECT_NE(contentOf(key), before);
  EXPECT_TRUE(crypto::readKeyPair(certificate, key, ""));
}

TEST_F(IdentityCommand, newLeavesNoKeyWithoutItsCertificate) {
  certificate = directory / "missing/my.crt";
  EXPECT_EQ(makeFiles(), 1);
  EXPECT_EQ(kes.err,
            "Error: failed to create certificate: open " + certificate + ": no such file or directory\n");
  EXPECT_EQ(makeFiles({"--force"}), 1);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(IdentityCommand, newEncryptsUnderAPasswordGivenTwice) {
  kes.passwords = {"secret", "secret"};
  ASSERT_EQ(makeFiles({"--encrypt"}), 0) << kes.err;
  EXPECT_THAT(kes.prompts,
              ElementsAre("Enter password for private key:", "Confirm password for private key:"));
  EXPECT_THAT(contentOf(key), HasSubstr("Proc-Type: 4,ENCRYPTED"));
  EXPECT_TRUE(crypto::readKeyPair(certificate, key, "secret"));
  const std::string apiKey = printedApiKey();
  ASSERT_EQ(kes.run({"identity", key}), 0) << kes.err;
  EXPECT_EQ(kes.out, apiKey);
}

TEST_F(IdentityCommand, newRefusesPasswordsThatDifferOrAreEmpty) {
  kes.passwords = {"secret", "Secret"};
  EXPECT_EQ(makeFiles({"--encrypt"}), 1);
  EXPECT_EQ(kes.err, "Error: passwords don't match\n");
  kes.passwords = {"", ""};
  EXPECT_EQ(makeFiles({"--encrypt"}), 1);
  EXPECT_EQ(kes.err, "Error: the password is empty\n");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(IdentityCommand, newRefusesOptionsThatNeedFiles) {
  for (const char* option : {"--ip=127.0.0.1", "--dns=a", "--expiry=1h", "--encrypt", "--force"}) {
    EXPECT_EQ(kes.run({"identity", "new", option}), 1);
    const std::string name = std::string(option).substr(0, std::string(option).find('='));
    EXPECT_EQ(kes.err,
              "Error: '" + name +
                  "' requires a private key and certificate file. Set the '--cert' and '--key' flag\n");
  }
  EXPECT_EQ(kes.run({"identity", "new", "--key", key}), 1);
  EXPECT_EQ(kes.err, "Error: private key file specified but no certificate file. Set the '--cert' flag\n");
  EXPECT_EQ(kes.run({"identity", "new", "--cert", certificate}), 1);
  EXPECT_EQ(kes.err, "Error: certificate file specified but no private key file. Set the '--key' flag\n");
}

TEST_F(IdentityCommand, newRefusesValuesThatMakeNoSense) {
  for (const char* option : {"--ip=localhost", "--ip=", "--expiry=30", "--expiry=-1h", "--expiry=0s"}) {
    EXPECT_EQ(makeFiles({option}), 1) << option;
    EXPECT_TRUE(kes.err.starts_with("Error: invalid argument")) << kes.err;
    EXPECT_FALSE(std::filesystem::exists(key));
  }
}

TEST_F(IdentityCommand, saysWhyAFileHasNoIdentity) {
  std::ofstream(directory / "text") << "no PEM";
  EXPECT_EQ(kes.run({"identity", directory / "text"}), 1);
  EXPECT_THAT(kes.err, HasSubstr("no valid PEM"));
  const std::string absent = directory / "absent";
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"identity", absent}, {"identity", "of", absent}}) {
    EXPECT_EQ(kes.run(arguments), 1);
    EXPECT_EQ(kes.err, "Error: open " + absent + ": no such file or directory\n");
  }
  EXPECT_EQ(kes.run({"identity", "of", "kes:v1:AAAA"}), 1);
  EXPECT_EQ(kes.err, "Error: kes: invalid API key: invalid length\n");

  const auto p256 = crypto::generateP256();
  std::ofstream(key) << base::textOf(crypto::toPem(p256.get(), "")->reveal());
  EXPECT_EQ(kes.run({"identity", key}), 1);
  EXPECT_EQ(kes.err, "Error: '" + key +
                         "' contains unsupported private key. "
                         "Only ed25519 private keys are supported\n");
}

}  // namespace
}  // namespace kes::cli
