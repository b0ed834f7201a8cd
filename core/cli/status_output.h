#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/style.h"
#include "client/client.h"

namespace kes::cli {

[[nodiscard]] std::string statusHead(std::string_view server, const Style& style);
// `latency` is what this program has measured.
[[nodiscard]] std::string statusBody(const client::Status& status, std::chrono::nanoseconds latency,
                                     const Style& style);
[[nodiscard]] std::string apiTable(std::span<const client::Api> apis, const Style& style);

// Compact, without a line break.
[[nodiscard]] std::string statusJson(const client::Status& status);
[[nodiscard]] std::string apiJson(std::span<const client::Api> apis);

// "59 seconds", "2 minutes", "24 hours", "2 days 1 hours".
[[nodiscard]] std::string formatUptime(std::int64_t seconds);
// In decimal units, rounded to one digit: "3.7MB"; "0B".
[[nodiscard]] std::string formatSize(std::int64_t bytes);

}  // namespace kes::cli
