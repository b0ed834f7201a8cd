#pragma once

#include <string>
#include <string_view>

#include "cli/style.h"
#include "client/client.h"

namespace kes::cli {

// What a server says about an identity.
[[nodiscard]] std::string identityInfoText(std::string_view identity, const client::IdentityInfo& info,
                                           const Style& style);
[[nodiscard]] std::string identityInfoJson(std::string_view identity, const client::IdentityInfo& info);

// What it says about whoever asks, with the rules of their policy.
[[nodiscard]] std::string selfInfoText(const client::SelfInfo& self, const Style& style);
[[nodiscard]] std::string selfInfoJson(const client::SelfInfo& self);

}  // namespace kes::cli
