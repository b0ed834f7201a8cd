#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "client/error.h"
#include "client/transport.h"

// What the calls of the client have in common.

namespace kes::client {

// A path segment with everything but RFC 3986 §2.3's unreserved characters percent-encoded.
[[nodiscard]] std::string escaped(std::string_view segment);

// "the server's answer is not a valid <what>"
[[nodiscard]] std::unexpected<Error> malformed(std::string_view what);

// Whether the server does not know the route: newer servers answer with a text, older ones with 501.
[[nodiscard]] bool lacksRoute(const Error& error);

// The result of a call of which nothing but its success matters.
[[nodiscard]] Result<void> withoutBody(Result<Response> response);

}  // namespace kes::client
