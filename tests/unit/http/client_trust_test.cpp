#include "http/client_trust.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

// What `load` says about authorities it refuses; empty when it takes them.
[[nodiscard]] std::string refusalOf(const std::string& ca) {
  const auto trust = ClientTrust::load(ca);
  return trust ? std::string() : trust.error().message;
}

class ClientTrustTest : public testing::Test {
 protected:
  [[nodiscard]] std::expected<std::int64_t, int> verify(const CertificateSpec& spec) const {
    const auto trust = ClientTrust::load(dir_.write("ca.pem", ca_.pem()));
    return trust.value()->verify(makeCredential(spec).certificate.get());
  }

  TempDir dir_;
  Credential ca_ = makeCredential({.name = "ca", .isCa = true});
};

TEST_F(ClientTrustTest, readsAuthoritiesFromFilesAndDirectories) {
  const auto good = dir_.write("good.pem", ca_.pem() + ca_.pem());
  std::filesystem::create_directory(dir_.path() + "/sub");
  dir_.write("sub/bad.pem", "not a certificate");

  EXPECT_EQ(refusalOf(good), "");
  EXPECT_EQ(refusalOf(dir_.path()), "");
  EXPECT_EQ(refusalOf(""), "");
}

TEST_F(ClientTrustTest, refusesAuthoritiesItCannotRead) {
  const auto empty = dir_.write("empty.pem", "");
  const auto half =
      dir_.write("half.pem", ca_.pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

  EXPECT_EQ(refusalOf(empty), "'" + empty + "' holds no CA certificate in PEM format");
  EXPECT_EQ(refusalOf(half), "'" + half + "' holds a CA certificate that is not well-formed");
  EXPECT_EQ(refusalOf("/nonexistent/ca.pem"), "there is no CA file or directory '/nonexistent/ca.pem'");
  EXPECT_NE(refusalOf(dir_.path()), "") << "a bad file in a directory fails";
}

TEST_F(ClientTrustTest, listsTheSameWhateverTheOrder) {
  const auto other = makeCredential({.name = "other", .isCa = true});
  const auto one = ClientTrust::load(dir_.write("one.pem", ca_.pem() + other.pem()));
  const auto two = ClientTrust::load(dir_.write("two.pem", other.pem() + ca_.pem() + other.pem()));
  const auto less = ClientTrust::load(dir_.write("less.pem", ca_.pem()));

  EXPECT_EQ(one.value()->listed(), two.value()->listed());
  EXPECT_NE(one.value()->listed(), less.value()->listed());
}

TEST_F(ClientTrustTest, checksACertificateAsAHandshakeDoes) {
  EXPECT_TRUE(verify({.extendedKeyUsage = "clientAuth", .issuer = &ca_}));
  EXPECT_TRUE(verify({.issuer = &ca_}));

  const auto errorOf = [this](const CertificateSpec& spec) {
    const auto until = verify(spec);
    return until ? X509_V_OK : until.error();
  };
  EXPECT_EQ(errorOf({.extendedKeyUsage = "serverAuth", .issuer = &ca_}), X509_V_ERR_INVALID_PURPOSE);
  EXPECT_EQ(errorOf({.validFromSeconds = -7200, .validForSeconds = -3600, .issuer = &ca_}),
            X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(errorOf({.validFromSeconds = 3600, .validForSeconds = 7200, .issuer = &ca_}),
            X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(errorOf({.extendedKeyUsage = "clientAuth"}), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}

TEST_F(ClientTrustTest, saysUntilWhenTheWholeChainIsValid) {
  const auto shortLived = makeCredential({.name = "short", .isCa = true, .validForSeconds = 100});
  const auto trust = ClientTrust::load(dir_.write("short.pem", shortLived.pem()));
  const auto leaf = makeCredential({.validForSeconds = 1000, .issuer = &shortLived});
  tm utc{};
  ASN1_TIME_to_tm(X509_get0_notAfter(shortLived.certificate.get()), &utc);

  EXPECT_EQ(trust.value()->verify(leaf.certificate.get()).value_or(0), timegm(&utc));
}

}  // namespace
}  // namespace kes::http::test
