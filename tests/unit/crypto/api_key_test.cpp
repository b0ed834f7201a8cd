#include "crypto/api_key.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <array>

#include "vectors.h"

namespace kes::crypto {
namespace {

TEST(ApiKey, hasTheIdentityOfTheVectors) {
  for (const auto& vector : objectsIn(loadVectors("api-key.json"), "valid")) {
    const std::string text = textIn(vector, "api_key");
    const auto key = ApiKey::parse(text);
    ASSERT_TRUE(key) << text << ": " << key.error().message;
    EXPECT_EQ(key->identity(), textIn(vector, "identity"));
    EXPECT_EQ(key->text(), text);
    const std::string withoutPrefix = text.substr(std::string("kes:v1:").size());
    EXPECT_EQ(ApiKey::parse(withoutPrefix).value().identity(), textIn(vector, "identity"));
  }
}

TEST(ApiKey, hasThePublicKeyOfTheFirstVector) {
  const auto vector = objectsIn(loadVectors("api-key.json"), "valid").front();
  const PrivateKey key = ApiKey::parse(textIn(vector, "api_key")).value().privateKey();
  base::Bytes publicKey(32);
  std::size_t size = publicKey.size();
  ASSERT_EQ(EVP_PKEY_get_raw_public_key(key.get(), publicKey.data(), &size), 1);
  EXPECT_EQ(base::encodeHex(publicKey), textIn(vector, "public_key"));
}

TEST(ApiKey, refusesMalformedText) {
  for (const auto& vector : objectsIn(loadVectors("api-key.json"), "invalid")) {
    const auto key = ApiKey::parse(textIn(vector, "api_key"));
    ASSERT_FALSE(key) << textIn(vector, "api_key");
    EXPECT_EQ(key.error().message, textIn(vector, "error"));
  }
  EXPECT_FALSE(ApiKey::parse("kes:v1:" + std::string(1'000'000, 'A')));
}

TEST(ApiKey, generatedOnesDifferAndSurviveTheirText) {
  const ApiKey a = ApiKey::generate();
  EXPECT_NE(a.identity(), ApiKey::generate().identity());
  EXPECT_EQ(ApiKey::parse(a.text()).value().identity(), a.identity());
}

TEST(ApiKey, makesAClientCertificateOfItsIdentity) {
  const ApiKey key = ApiKey::generate();
  const KeyPair pair = key.clientCertificate().value();
  X509* const certificate = pair.certificate.get();
  EXPECT_EQ(identityOf(certificate), key.identity());
  EXPECT_EQ(X509_check_private_key(certificate, pair.key.get()), 1);
  EXPECT_EQ(X509_verify(certificate, pair.key.get()), 1);
  EXPECT_FALSE(isCertificateAuthority(certificate));
  EXPECT_EQ(X509_get_key_usage(certificate), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(certificate), static_cast<std::uint32_t>(XKU_SSL_CLIENT));
  std::array<char, 128> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  EXPECT_EQ(name.data(), key.identity());
  int days = 0;
  int seconds = 0;
  ASSERT_EQ(
      ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)), 1);
  EXPECT_EQ(days, 90);
}

TEST(ApiKey, isMadeOfAnEd25519PrivateKeyOnly) {
  const PrivateKey ed25519 = readPrivateKey(vectorPath("pem/ed25519-pkcs8.pem"), "").value();
  EXPECT_EQ(ApiKey::fromPrivateKey(ed25519.get()).value().identity(),
            "f8fb86422ade03fb9abb60469c6928e7c92da258456f2900668af87b5890d9f2");
  const auto key = ApiKey::fromPrivateKey(generateP256().get());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().message, "only ed25519 private keys are supported");
}

}  // namespace
}  // namespace kes::crypto
