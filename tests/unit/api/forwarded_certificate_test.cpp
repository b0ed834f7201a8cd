#include "api/forwarded_certificate.h"

#include <gtest/gtest.h>

#include "forwarding.h"

namespace kes::api {
namespace {

using base::ErrorCode;

[[nodiscard]] ErrorCode refusalOf(std::string_view header) {
  const auto der = forwardedCertificate(header);
  return der ? ErrorCode::internal : der.error().code();
}

TEST(ForwardedCertificate, isReadInEveryForm) {
  const ForwardedForTest client;
  for (const auto& header : {client.escapedPem(), client.escapedPem("+"), client.base64(),
                             ":" + client.base64() + ":", "  " + client.base64() + "\t"}) {
    const auto der = forwardedCertificate(header);
    ASSERT_TRUE(der) << header;
    EXPECT_EQ(*der, client.der) << header;
  }
}

TEST(ForwardedCertificate, keepsThePlusOfBase64) {
  // 0xfb 0xef 0xbe is "++++" in base64.
  const auto der = forwardedCertificate("++++");
  ASSERT_TRUE(der);
  EXPECT_EQ(*der, (base::Bytes{0xfb, 0xef, 0xbe}));
}

TEST(ForwardedCertificate, isMissingWhereTheHeaderIsEmpty) {
  EXPECT_EQ(refusalOf(""), ErrorCode::noClientCertificate);
  EXPECT_EQ(refusalOf(" \t"), ErrorCode::noClientCertificate);
}

TEST(ForwardedCertificate, isOneAlone) {
  const ForwardedForTest client;
  const ForwardedForTest other;
  EXPECT_EQ(refusalOf(client.base64() + "," + other.base64()), ErrorCode::tooManyClientCertificates);
  EXPECT_EQ(refusalOf(client.base64() + ","), ErrorCode::tooManyClientCertificates);
  EXPECT_EQ(refusalOf(":" + client.base64() + ":, :" + other.base64() + ":"),
            ErrorCode::tooManyClientCertificates);
  EXPECT_EQ(refusalOf(client.escapedPem() + other.escapedPem()), ErrorCode::tooManyClientCertificates);
}

TEST(ForwardedCertificate, isNothingElse) {
  const ForwardedForTest client;
  const std::string pem = client.escapedPem();
  for (const std::string& header :
       {std::string("nonsense!"), std::string(":"), std::string("::"), ":" + client.base64(),
        client.base64() + ":", client.base64().substr(1), pem.substr(0, pem.size() - 20), pem + "%",
        pem + "%2", pem + "%zz", std::string("-----BEGIN%20CERTIFICATE-----"),
        std::string("-----BEGIN%20EC%20PRIVATE%20KEY-----%0AAAAA%0A-----END%20EC%20PRIVATE%20KEY-----"),
        std::string(16 * 1024 + 1, 'A'), "%2d" + std::string(16 * 1024, 'A')}) {
    EXPECT_EQ(refusalOf(header), ErrorCode::invalidClientCertificate) << header.substr(0, 80);
  }
}

TEST(ForwardedAddress, isTheFirstOfTheHeader) {
  EXPECT_EQ(forwardedAddress("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(forwardedAddress(" 192.0.2.1:8080 , 198.51.100.7"), "192.0.2.1");
  EXPECT_EQ(forwardedAddress("2001:DB8::1"), "2001:db8::1");
  EXPECT_EQ(forwardedAddress("[2001:db8::1]:8080, 192.0.2.1"), "2001:db8::1");
  EXPECT_EQ(forwardedAddress("[2001:db8::1]"), "2001:db8::1");
}

TEST(ForwardedAddress, isAnAddressOrNothing) {
  for (const auto* header : {"", ",", "unknown", "_hidden", "localhost", "192.0.2", "192.0.2.1.5", "[", "[]",
                             "[192.0.2.1", ":80", "1.2.3.4\nfake"}) {
    EXPECT_EQ(forwardedAddress(header), header == std::string_view("[192.0.2.1") ? "192.0.2.1" : "")
        << header;
  }
}

}  // namespace
}  // namespace kes::api
