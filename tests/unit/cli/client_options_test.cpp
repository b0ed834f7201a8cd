#include "cli/client_options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "crypto/api_key.h"
#include "support/temp_dir.h"

namespace kes::cli {
namespace {

const std::string kApiKey = "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs";
const std::string kIdentity = "ea9826089311fe44d7590408ede9150f7c637b6cab0a91ee6fe1aa5d9fb366f6";
const std::string kOtherKey = "kes:v1:ACQpoGqx3rHHjT938Hfu5hVVQJHZWSqVI2Xp1KlYxFVw";
const std::string kOtherIdentity = "0426fa9a04bc2756b92fbe8a97e1a1e07b53ecf04ed33da22c33e5c9faeb8cbb";

using Variables = std::map<std::string, std::string>;

base::Outcome<client::Settings> settings(const Variables& variables, const ClientOptions& options = {}) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{
      .out = out,
      .err = err,
      .environment = [&](const std::string& name) -> std::optional<std::string> {
        const auto it = variables.find(name);
        return it == variables.end() ? std::nullopt : std::optional(it->second);
      },
      .askPassword = [](std::string_view) -> base::Outcome<base::Secret> {
        return base::Secret::copyOf(base::bytesOf("secret"));
      },
  };
  return clientSettings(options, console);
}

std::string serverOf(Variables variables, const ClientOptions& options = {}) {
  variables["MINIO_KES_API_KEY"] = kApiKey;
  const auto result = settings(variables, options);
  return result ? result->endpoints.front().authority() : result.error().message;
}

std::string identityWith(const Variables& variables, const ClientOptions& options = {}) {
  const auto result = settings(variables, options);
  return result ? crypto::identityOf(result->certificate.certificate.get()) : result.error().message;
}

TEST(ClientOptions, theServerIsTakenFromTheOptionThenTheFirstVariableThatIsSet) {
  EXPECT_EQ(serverOf({}), "127.0.0.1:7373");
  EXPECT_EQ(serverOf({{"MINIO_KMS_KES_ENDPOINT", "https://c:3"}}), "c:3");
  EXPECT_EQ(serverOf({{"KES_SERVER", "b:2"}, {"MINIO_KMS_KES_ENDPOINT", "c:3"}}), "b:2");
  EXPECT_EQ(serverOf({{"MINIO_KES_SERVER", "a:1"}, {"KES_SERVER", "b:2"}}), "a:1");
  ClientOptions options;
  options.server = "d:4";
  EXPECT_EQ(serverOf({{"MINIO_KES_SERVER", "a:1"}}, options), "d:4");
}

TEST(ClientOptions, anEmptyServerVariableIsAnErrorThatNamesIt) {
  EXPECT_EQ(serverOf({{"KES_SERVER", ""}, {"MINIO_KMS_KES_ENDPOINT", "c:3"}}),
            "no server specified: KES_SERVER is empty. Set it to <host>:<port>, or unset it to use "
            "127.0.0.1:7373");
}

TEST(ClientOptions, theApiKeyIsTakenFromTheOptionThenTheFirstVariableThatIsSet) {
  EXPECT_EQ(identityWith({{"MINIO_KMS_KES_API_KEY", kApiKey}}), kIdentity);
  EXPECT_EQ(identityWith({{"KES_API_KEY", kApiKey}, {"MINIO_KMS_KES_API_KEY", "junk"}}), kIdentity);
  EXPECT_EQ(identityWith({{"MINIO_KES_API_KEY", kApiKey}, {"KES_API_KEY", "junk"}}), kIdentity);
  ClientOptions options;
  options.apiKey = kOtherKey;
  EXPECT_EQ(identityWith({{"MINIO_KES_API_KEY", kApiKey}, {"MINIO_KES_KEY_FILE", "x"}}, options),
            kOtherIdentity);
}

TEST(ClientOptions, saysWhatIsMissingAndWhatDoesNotGoTogether) {
  const std::vector<std::pair<Variables, std::string>> cases = {
      {{}, "no API key specified. Consider setting MINIO_KES_API_KEY"},
      {{{"KES_API_KEY", ""}}, "no API key specified. Consider setting MINIO_KES_API_KEY"},
      {{{"MINIO_KES_API_KEY", ""}, {"KES_API_KEY", kApiKey}},
       "no API key specified. Consider setting MINIO_KES_API_KEY"},
      {{{"KES_CLIENT_KEY", "k"}}, "no certificate file specified. Consider setting MINIO_KES_CERT_FILE"},
      {{{"KES_CLIENT_CERT", "c"}}, "no private key file specified. Consider setting MINIO_KES_KEY_FILE"},
      {{{"KES_API_KEY", kApiKey}, {"KES_CLIENT_KEY", "k"}},
       "API key and private key file cannot be used at the same time"},
      {{{"KES_API_KEY", kApiKey}, {"KES_CLIENT_CERT", "c"}},
       "API key and certificate file cannot be used at the same time"},
      {{{"KES_API_KEY", "kes:v1:AAAA"}}, "parsing API key: kes: invalid API key: invalid length"},
  };
  for (const auto& [variables, message] : cases) EXPECT_EQ(identityWith(variables), message);
}

TEST(ClientOptions, readsKeyFilesAndAsksForThePasswordOfEncryptedOnes) {
  const test::TempDir directory;
  const auto key = crypto::ApiKey::parse(kOtherKey);
  const auto pair = key->clientCertificate();
  std::ofstream(directory / "c") << crypto::toPem(pair->certificate.get());
  std::ofstream(directory / "plain") << base::textOf(crypto::toPem(pair->key.get(), "")->reveal());
  std::ofstream(directory / "sealed") << base::textOf(crypto::toPem(pair->key.get(), "secret")->reveal());
  std::ofstream(directory / "other") << base::textOf(crypto::toPem(pair->key.get(), "other")->reveal());

  for (const char* name : {"MINIO_KES", "MINIO_KMS_KES"}) {
    EXPECT_EQ(identityWith({{std::string(name) + "_KEY_FILE", directory / "plain"},
                            {std::string(name) + "_CERT_FILE", directory / "c"}}),
              kOtherIdentity);
  }
  for (const char* name : {"KES_CLIENT", "MINIO_KES_CLIENT"}) {
    EXPECT_EQ(identityWith({{std::string(name) + "_KEY", directory / "sealed"},
                            {std::string(name) + "_CERT", directory / "c"}}),
              kOtherIdentity);
  }
  EXPECT_EQ(
      identityWith({{"KES_CLIENT_KEY", directory / "absent"}, {"KES_CLIENT_CERT", directory / "c"}}),
      "reading private key file: open " + (directory / "absent").string() + ": no such file or directory");
  EXPECT_EQ(identityWith({{"KES_CLIENT_KEY", "absent"}, {"KES_CLIENT_CERT", "gone"}}),
            "reading certificate file: open gone: no such file or directory");
  const std::string refused =
      identityWith({{"KES_CLIENT_KEY", directory / "other"}, {"KES_CLIENT_CERT", directory / "c"}});
  EXPECT_TRUE(refused.ends_with("incorrect password")) << refused;
}

TEST(ClientOptions, anUntrustedServerIsExplained) {
  const std::string text = explain({client::Failure::certificate, 0, "failed to verify"});
  EXPECT_NE(text.find("SSL_CERT_FILE"), std::string::npos);
  EXPECT_NE(text.find("--insecure"), std::string::npos);
  EXPECT_EQ(explain({client::Failure::answered, 404, "key does not exist"}), "key does not exist");
}

}  // namespace
}  // namespace kes::cli
