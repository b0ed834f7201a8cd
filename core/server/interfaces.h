#pragma once

#include <string>
#include <vector>

namespace kes::server {

// The addresses a server on `host` can be reached at: the host itself, or for an empty or unspecified one
// every address of the interfaces that are up, without link-local and multicast ones; IPv6 only where there
// is no IPv4.
[[nodiscard]] std::vector<std::string> listenAddresses(const std::string& host);

}  // namespace kes::server
