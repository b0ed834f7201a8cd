#pragma once

#include "api/request_rate.h"
#include "config/config.h"
#include "http/server.h"
#include "observe/log_streams.h"

namespace kes::server {

// The section `limits:` in the terms of those who keep them.
[[nodiscard]] http::Limits httpLimits(const config::Limits& limits);
[[nodiscard]] observe::LogStreams::Limits logStreamLimits(const config::Limits& limits);
[[nodiscard]] api::RequestRate requestRate(const config::Limits& limits);

}  // namespace kes::server
