#include "crypto/x509.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "vectors.h"

namespace kes::crypto {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kP256Identity = "b92ee8dc6b4c4a01cf0689ae5a4ac0f0e72d462bd8ad7457e61db74443664e9d";
constexpr std::string_view kPassword = "correct horse";

std::string pem(const std::string& name) {
  return vectorPath("pem/" + name);
}

std::string contentOf(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A file that lives as long as the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) : path_(::testing::TempDir() + "kes-pem-XXXXXX") {
    const int descriptor = ::mkstemp(path_.data());
    EXPECT_GE(descriptor, 0);
    ::close(descriptor);
    std::ofstream(path_) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Certificate certificateIn(const std::string& name) {
  return std::move(readCertificates(pem(name)).value().front());
}

CertificateTemplate named(std::string commonName) {
  CertificateTemplate what;
  what.commonName = std::move(commonName);
  what.lifetime = std::chrono::hours(1);
  return what;
}

TEST(Identity, isTheHashOfThePublicKeyWhateverTheCertificateSays) {
  for (const std::string name : {"p256-leaf.pem", "p256-leaf-ip.pem", "p256-no-san.pem", "p256-ca.pem"}) {
    EXPECT_EQ(identityOf(certificateIn(name).get()), kP256Identity) << name;
  }
  EXPECT_EQ(identityOf(readPrivateKey(pem("p256-pkcs8.pem"), "").value().get()), kP256Identity);
}

TEST(CertificateAuthority, isTheOneWithCaTrue) {
  EXPECT_TRUE(isCertificateAuthority(certificateIn("p256-ca.pem").get()));
  EXPECT_FALSE(isCertificateAuthority(certificateIn("p256-leaf.pem").get()));
}

// A certificate whose extension basicConstraints holds exactly these bytes, or that has none.
Certificate withBasicConstraints(const base::Bytes& der) {
  Certificate certificate = selfSign(named("x"), generateP256().get()).value();
  const int at = X509_get_ext_by_NID(certificate.get(), NID_basic_constraints, -1);
  X509_EXTENSION_free(X509_delete_ext(certificate.get(), at));
  if (der.empty()) return certificate;
  ASN1_OCTET_STRING* const value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, der.data(), static_cast<int>(der.size()));
  X509_EXTENSION* const extension = X509_EXTENSION_create_by_NID(nullptr, NID_basic_constraints, 1, value);
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(value);
  return certificate;
}

TEST(CertificateAuthority, isAssumedWhereBasicConstraintsCannotBeRead) {
  EXPECT_FALSE(isCertificateAuthority(withBasicConstraints({}).get()));
  EXPECT_FALSE(isCertificateAuthority(withBasicConstraints({0x30, 0x00}).get()));
  EXPECT_TRUE(isCertificateAuthority(withBasicConstraints({0x30, 0x03, 0x01, 0x01, 0xFF}).get()));
  EXPECT_TRUE(isCertificateAuthority(withBasicConstraints({0x30, 0x7F, 0x01}).get()));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(SubjectAlternativeName, countsWhenItIsADnsNameOrAnAddress) {
  EXPECT_TRUE(hasSubjectAlternativeName(certificateIn("p256-leaf.pem").get()));
  EXPECT_TRUE(hasSubjectAlternativeName(certificateIn("p256-leaf-ip.pem").get()));
  EXPECT_FALSE(hasSubjectAlternativeName(certificateIn("p256-no-san.pem").get()));
}

TEST(ReadPrivateKey, readsEveryCustomaryForm) {
  for (const std::string name : {"p256-pkcs8.pem", "p256-sec1.pem"}) {
    EXPECT_EQ(identityOf(readPrivateKey(pem(name), "").value().get()), kP256Identity) << name;
    EXPECT_FALSE(isPrivateKeyEncrypted(pem(name)).value()) << name;
    EXPECT_EQ(ERR_peek_error(), 0U) << name;
  }
  EXPECT_TRUE(readPrivateKey(pem("rsa-pkcs1.pem"), "a password that is not needed"));
}

TEST(ReadPrivateKey, decryptsWithThePassword) {
  for (const std::string name :
       {"p256-go-rfc1423.pem", "p256-sec1-rfc1423.pem", "p256-pkcs8-encrypted.pem"}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(isPrivateKeyEncrypted(pem(name)).value());
    EXPECT_EQ(identityOf(readPrivateKey(pem(name), kPassword).value().get()), kP256Identity);
    EXPECT_THAT(readPrivateKey(pem(name), "").error().message,
                HasSubstr("private key is encrypted: password required"));
    EXPECT_THAT(readPrivateKey(pem(name), "wrong").error().message, HasSubstr("incorrect password"));
    EXPECT_FALSE(readPrivateKey(pem(name), std::string(5000, 'x')));
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

TEST(ReadPrivateKey, takesTheFirstKeyAndPassesOverCertificates) {
  const TemporaryFile file("a comment\n" + contentOf(pem("p256-leaf.pem")) + contentOf(pem("p256-sec1.pem")) +
                           contentOf(pem("ed25519-pkcs8.pem")));
  EXPECT_EQ(identityOf(readPrivateKey(file.path(), "").value().get()), kP256Identity);
}

TEST(ReadPrivateKey, toleratesCarriageReturnsIndentsAndNoFinalLineBreak) {
  std::string text;
  for (const char c : contentOf(pem("p256-pkcs8.pem"))) {
    text += c == '\n' ? std::string(" \r\n  ") : std::string(1, c);
  }
  const TemporaryFile file(text.substr(0, text.find_last_not_of(" \r\n") + 1));
  EXPECT_EQ(identityOf(readPrivateKey(file.path(), "").value().get()), kP256Identity);
}

TEST(ReadPrivateKey, saysWhatIsWrong) {
  const std::string key = contentOf(pem("p256-pkcs8.pem"));
  const auto block = [](const std::string& begin, const std::string& body, const std::string& end) {
    return "-----BEGIN " + begin + "-----\n" + body + "\n-----END " + end + "-----\n";
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no valid PEM data"},
      {"garbage", "no valid PEM data"},
      {key.substr(0, key.size() - 27), "no valid PEM data"},
      {block("PRIVATE KEY", "A", "PRIVATE KEY"), "no valid PEM data"},
      {block("PRIVATE KEY", "AAAA", "CERTIFICATE"), "no valid PEM data"},
      {block("PRIVATE KEY", "AAAA", "PRIVATE KEY"), "no private key that can be read"},
      {contentOf(pem("p256-leaf.pem")), "no private key"},
      {block("EC PARAMETERS", "BggqhkjOPQMBBw==", "EC PARAMETERS") + key,
       "unsupported PEM data block 'EC PARAMETERS'"},
      {block("PRIVATE KEY", "DEK-Info: ROT13,00\n\nAAAA", "PRIVATE KEY"), "cannot be decrypted"},
  };
  for (const auto& [text, problem] : cases) {
    const TemporaryFile file(text);
    const auto result = readPrivateKey(file.path(), "x");
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(result.error().message, HasSubstr(problem));
    EXPECT_THAT(result.error().message, HasSubstr(file.path()));
    EXPECT_EQ(ERR_peek_error(), 0U) << text;
  }
  EXPECT_THAT(readPrivateKey(pem("no-such-file.pem"), "").error().message, HasSubstr("No such file"));
}

TEST(ReadCertificates, readsTheWholeChain) {
  const TemporaryFile file(contentOf(pem("p256-leaf.pem")) + "\n# issuer\n" + contentOf(pem("p256-ca.pem")));
  const auto certificates = readCertificates(file.path()).value();
  ASSERT_EQ(certificates.size(), 2U);
  EXPECT_FALSE(isCertificateAuthority(certificates[0].get()));
  EXPECT_TRUE(isCertificateAuthority(certificates[1].get()));
}

TEST(ReadCertificates, saysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no valid PEM data"},
      {contentOf(pem("p256-leaf.pem")) + contentOf(pem("p256-pkcs8.pem")),
       "unsupported PEM data block 'PRIVATE KEY'"},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       "certificate 1 in it is no X.509 certificate"},
      {std::string((4 << 20) + 1, '\n'), "larger than 4 MiB"},
  };
  for (const auto& [text, problem] : cases) {
    const TemporaryFile file(text);
    EXPECT_THAT(readCertificates(file.path()).error().message, HasSubstr(problem));
  }
}

TEST(ReadKeyPair, needsTheKeyOfTheFirstCertificate) {
  const TemporaryFile chain(contentOf(pem("p256-leaf.pem")) + contentOf(pem("p256-ca.pem")));
  const KeyPair pair = readKeyPair(chain.path(), pem("p256-go-rfc1423.pem"), kPassword).value();
  EXPECT_EQ(identityOf(pair.certificate.get()), kP256Identity);
  EXPECT_EQ(pair.chain.size(), 1U);
  const auto mismatch = readKeyPair(chain.path(), pem("ed25519-pkcs8.pem"), "");
  EXPECT_THAT(mismatch.error().message, HasSubstr("does not belong to the first certificate"));
}

TEST(SelfSign, saysWhatTheTemplateSays) {
  const PrivateKey key = generateP256();
  CertificateTemplate what = named("kes");
  what.dnsNames = {"localhost", "*.example.com"};
  what.ipAddresses = {"127.0.0.1", "::1"};
  what.lifetime = std::chrono::hours(36);
  what.clientAuth = true;
  what.serverAuth = true;
  const Certificate certificate = selfSign(what, key.get()).value();
  X509* const x = certificate.get();
  EXPECT_EQ(X509_verify(x, key.get()), 1);
  EXPECT_EQ(X509_get_version(x), X509_VERSION_3);
  EXPECT_EQ(X509_check_host(x, "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(x, "a.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x, "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x, "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_get_extended_key_usage(x), static_cast<std::uint32_t>(XKU_SSL_CLIENT | XKU_SSL_SERVER));
  EXPECT_LE(X509_cmp_current_time(X509_get0_notBefore(x)), 0);
  int days = 0;
  int seconds = 0;
  ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x)), 1);
  EXPECT_EQ(days * 24 * 3600 + seconds, 36 * 3600);
  const Certificate other = selfSign(what, key.get()).value();
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(other.get())), 0);
}

TEST(SelfSign, refusesWhatCannotStandInACertificate) {
  const PrivateKey key = generateP256();
  EXPECT_TRUE(selfSign(named("kes"), key.get()));
  const auto refusal = [&key](auto change) {
    CertificateTemplate what = named("kes");
    change(what);
    const auto certificate = selfSign(what, key.get());
    return certificate ? std::string() : certificate.error().message;
  };
  EXPECT_THAT(refusal([](auto& t) { t.commonName = std::string(65, 'x'); }), HasSubstr("common name"));
  EXPECT_THAT(refusal([](auto& t) { t.commonName = ""; }), HasSubstr("common name"));
  EXPECT_THAT(refusal([](auto& t) { t.dnsNames = {""}; }), HasSubstr("no DNS name"));
  EXPECT_THAT(refusal([](auto& t) { t.dnsNames = {"b\u00fccher.example"}; }), HasSubstr("no DNS name"));
  EXPECT_THAT(refusal([](auto& t) { t.ipAddresses = {"localhost"}; }), HasSubstr("no IP address"));
  EXPECT_THAT(refusal([](auto& t) { t.lifetime = std::chrono::seconds(0); }), HasSubstr("lifetime"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(ToPem, writesWhatIsReadBack) {
  const PrivateKey key = generateP256();
  for (const std::string_view password : {std::string_view(), kPassword}) {
    const base::Secret text = toPem(key.get(), password).value();
    EXPECT_TRUE(base::textOf(text.reveal()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const TemporaryFile file(base::textOf(text.reveal()));
    EXPECT_EQ(isPrivateKeyEncrypted(file.path()).value(), !password.empty());
    EXPECT_EQ(identityOf(readPrivateKey(file.path(), password).value().get()), identityOf(key.get()));
  }
  EXPECT_EQ(toPem(certificateIn("p256-leaf.pem").get()), contentOf(pem("p256-leaf.pem")));
}

TEST(ToPem, encryptsAsRfc1423WithAes256) {
  const base::Secret text = toPem(generateP256().get(), kPassword).value();
  EXPECT_THAT(std::string(base::textOf(text.reveal())),
              HasSubstr("-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,"));
}

}  // namespace
}  // namespace kes::crypto
