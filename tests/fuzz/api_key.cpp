// API keys (crypto/api_key.h).
#include "crypto/api_key.h"

#include <algorithm>
#include <string>

#include "fuzz.h"

namespace kes::fuzz {
namespace {

bool isIdentity(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

void check(std::string_view text) {
  const auto key = crypto::ApiKey::parse(text);
  if (!key) {
    require(key.error().message.starts_with("kes: invalid API key: "), "a refusal says what is wrong");
    return;
  }
  const std::string canonical = key->text();
  require(canonical.starts_with("kes:v1:") && canonical.size() == 7 + 44, "there is one way to write a key");
  require(isIdentity(key->identity()), "a key has an identity");
  for (const std::string_view again : {std::string_view(canonical), std::string_view(canonical).substr(7)}) {
    const auto reread = crypto::ApiKey::parse(again);
    require(reread && reread->text() == canonical, "the prefix is optional");
    require(reread->identity() == key->identity(), "the identity is the key's");
  }
  const auto restored = crypto::ApiKey::fromPrivateKey(key->privateKey().get());
  require(restored && restored->text() == canonical, "the private key gives the API key back");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::check(kes::base::textOf({data, size}));
  return 0;
}
