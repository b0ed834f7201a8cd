#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "client/client.h"
#include "client/transport.h"

namespace kes::cli {

// Four lines without a line break after the last.
[[nodiscard]] std::string keyDescription(const client::KeyInfo& info);
[[nodiscard]] std::string keyDescriptionJson(const client::KeyInfo& info);

// A named value of a cryptographic command.
struct NamedBytes {
  std::string_view name;
  base::ByteView bytes;
};
// A blank line and "name: <base64>" lines, the values in one column.
[[nodiscard]] client::WipedText bytesText(std::span<const NamedBytes> values);
// {"name":"<base64>",…} without a line break after it.
[[nodiscard]] client::WipedText bytesJson(std::span<const NamedBytes> values);

}  // namespace kes::cli
