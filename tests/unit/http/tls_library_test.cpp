#include "http/tls_library.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/encoding.h"

namespace kes::http::test {
namespace {

// What OpenSSL's own algorithms say, and what those of the TLS library say, on a thread of its own.
template <typename F>
auto inOpenSsl(F ask) {
  return ask();
}
template <typename F>
auto inTlsLibrary(F ask) {
  decltype(ask()) answer;
  std::thread([&] {
    useTlsAlgorithmsOnly();
    answer = ask();
  }).join();
  return answer;
}

base::Bytes pattern(std::size_t size) {
  base::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(3 + 7 * i);
  return bytes;
}

struct Step {
  int mode;
  std::string digest;
  base::Bytes key;
  base::Bytes salt;
  std::string label;
  base::Bytes data;
  std::size_t size;
};

// One step of the key schedule; empty where it is refused.
base::Bytes derive(Step step) {
  std::vector<OSSL_PARAM> parameters{
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &step.mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, step.digest.data(), 0)};
  std::string prefix = "tls13 ";
  const auto add = [&](const char* name, auto& bytes) {
    if (!bytes.empty())
      parameters.push_back(OSSL_PARAM_construct_octet_string(name, bytes.data(), bytes.size()));
  };
  add(OSSL_KDF_PARAM_KEY, step.key);
  add(OSSL_KDF_PARAM_SALT, step.salt);
  add(OSSL_KDF_PARAM_PREFIX, prefix);
  add(OSSL_KDF_PARAM_LABEL, step.label);
  add(OSSL_KDF_PARAM_DATA, step.data);
  parameters.push_back(OSSL_PARAM_construct_end());

  auto* kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  auto* context = EVP_KDF_CTX_new(kdf);
  base::Bytes out(step.size);
  const bool done = EVP_KDF_derive(context, out.data(), out.size(), parameters.data()) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return done ? out : base::Bytes();
}

constexpr int kExtract = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
constexpr int kExpand = EVP_KDF_HKDF_MODE_EXPAND_ONLY;

// RFC 8448 §3: the early secret, and the handshake secret that follows from it.
TEST(TlsKeySchedule, derivesTheSecretsOfRfc8448) {
  const auto derived = inTlsLibrary([] {
    const auto early = derive({kExtract, "SHA2-256", {}, {}, "", {}, 32});
    const auto shared =
        base::decodeHex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d").value();
    return std::pair(early, derive({kExtract, "SHA2-256", shared, early, "derived", {}, 32}));
  });
  EXPECT_EQ("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a",
            base::encodeHex(derived.first));
  EXPECT_EQ("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac",
            base::encodeHex(derived.second));
}

TEST(TlsKeySchedule, derivesWhatOpenSslDoes) {
  for (const auto* digest : {"SHA2-256", "SHA256", "SHA2-384", "SHA384"}) {
    const std::size_t size = std::string_view(digest).ends_with("256") ? 32 : 48;
    const Step steps[] = {
        {kExtract, digest, {}, {}, "", {}, size},
        {kExtract, digest, pattern(size), {}, "", {}, size},
        {kExtract, digest, pattern(66), pattern(size), "derived", {}, size},
        {kExtract, digest, {}, pattern(size), "derived", {}, size},
        {kExpand, digest, pattern(size), {}, "c hs traffic", pattern(size), size},
        {kExpand, digest, pattern(size), {}, "iv", {}, 12},
        {kExpand, digest, pattern(size), {}, "key", {}, 16},
        {kExpand, digest, pattern(size), {}, "finished", {}, size},
        {kExpand, digest, pattern(size), {}, "more than one block", pattern(8), 3 * size + 5},
    };
    for (const auto& step : steps) {
      const auto ask = [&] { return derive(step); };
      const auto expected = inOpenSsl(ask);
      ASSERT_EQ(step.size, expected.size()) << digest << ' ' << step.label;
      EXPECT_EQ(expected, inTlsLibrary(ask)) << digest << ' ' << step.label;
    }
  }
}

TEST(TlsKeySchedule, refusesWhatTlsDoesNotDerive) {
  const Step steps[] = {
      {kExpand, "SHA1", pattern(20), {}, "key", {}, 16},
      {kExpand, "SHA2-256", {}, {}, "key", {}, 16},
      {kExpand, "SHA2-256", pattern(32), {}, std::string(250, 'a'), {}, 16},
      {kExpand, "SHA2-256", pattern(32), {}, "key", pattern(49), 16},
      {kExpand, "SHA2-256", pattern(32), {}, "key", {}, 255 * 32 + 1},
      {kExtract, "SHA2-256", pattern(32), {}, "", {}, 31},
      {EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, "SHA2-256", pattern(32), {}, "key", {}, 16},
  };
  for (const auto& step : steps) {
    EXPECT_EQ(base::Bytes(), inTlsLibrary([&] { return derive(step); })) << step.digest << ' ' << step.label;
  }
}

base::Bytes hmac(const char* digest, const base::Bytes& key, const base::Bytes& message) {
  base::Bytes out(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  const auto* done = EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, key.data(), key.size(),
                               message.data(), message.size(), out.data(), out.size(), &size);
  out.resize(done == nullptr ? 0 : size);
  return out;
}

TEST(TlsHmac, isThatOfOpenSsl) {
  for (const auto* digest : {"SHA2-256", "SHA2-384"}) {
    for (const std::size_t size : {1, 32, 48, 64, 65, 128, 129, 200}) {
      const auto ask = [&] { return hmac(digest, pattern(size), pattern(3 * size)); };
      const auto expected = inOpenSsl(ask);
      ASSERT_FALSE(expected.empty());
      EXPECT_EQ(expected, inTlsLibrary(ask)) << digest << ' ' << size;
    }
  }
}

TEST(TlsHmac, knowsTheDigestsOfTlsOnly) {
  EXPECT_EQ(base::Bytes(), inTlsLibrary([] { return hmac("SHA1", pattern(20), pattern(20)); }));
}

TEST(TlsHmac, canBeCopiedAndForgetsItsKey) {
  struct Seen {
    base::Bytes ofCopy, ofOriginal;
    bool again = true;
  };
  const auto seen = inTlsLibrary([] {
    const auto key = pattern(32);
    const auto message = pattern(40);
    std::string digest = "SHA2-256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const auto finish = [](EVP_MAC_CTX* context) {
      base::Bytes out(32);
      std::size_t size = 0;
      EXPECT_EQ(1, EVP_MAC_final(context, out.data(), &size, out.size()));
      EXPECT_EQ(32U, size);
      return out;
    };
    Seen result;
    auto* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    auto* original = EVP_MAC_CTX_new(mac);
    EXPECT_EQ(1, EVP_MAC_init(original, key.data(), key.size(), parameters));
    EXPECT_EQ(1, EVP_MAC_update(original, message.data(), 10));
    auto* copy = EVP_MAC_CTX_dup(original);
    for (auto* context : {original, copy}) EXPECT_EQ(1, EVP_MAC_update(context, message.data() + 10, 30));
    result.ofOriginal = finish(original);
    result.ofCopy = finish(copy);
    base::Bytes out(32);
    std::size_t size = 0;
    result.again = EVP_MAC_init(original, nullptr, 0, nullptr) == 1 &&
                   EVP_MAC_update(original, message.data(), 10) == 1 &&
                   EVP_MAC_final(original, out.data(), &size, out.size()) == 1;
    EVP_MAC_CTX_free(copy);
    EVP_MAC_CTX_free(original);
    EVP_MAC_free(mac);
    return result;
  });
  const auto expected = hmac("SHA2-256", pattern(32), pattern(40));
  EXPECT_EQ(expected, seen.ofOriginal);
  EXPECT_EQ(expected, seen.ofCopy);
  EXPECT_FALSE(seen.again);
}

}  // namespace
}  // namespace kes::http::test
