#pragma once

#include <chrono>
#include <string>

#include "cli/style.h"
#include "client/error.h"

namespace kes::cli {

// The heading over the rows of audit events.
[[nodiscard]] std::string auditHeading(const Style& style);

// One line for each event, a JSON object as the server sent it (docs/protocol/http.md, "Logs"). What is no
// such event is an error.
[[nodiscard]] client::Result<std::string> auditLine(std::string event, const Style& style);
[[nodiscard]] client::Result<std::string> errorLine(std::string event);
// The event itself; for a terminal without what could steer it.
[[nodiscard]] client::Result<std::string> eventJson(std::string event, bool forTerminal);

// `latency` with as many digits as matter, in Go's notation.
[[nodiscard]] std::string formatLatency(std::chrono::nanoseconds latency);

}  // namespace kes::cli
