#include "server/interfaces.h"

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetworkInterface.h>

namespace kes::server {

std::vector<std::string> listenAddresses(const std::string& host) {
  using Poco::Net::IPAddress;
  if (!host.empty() && !IPAddress(host).isWildcard()) return {host};

  std::vector<std::string> v4;
  std::vector<std::string> v6;
  for (const auto& [index, interface] : Poco::Net::NetworkInterface::map(true, true)) {
    for (const auto& address : interface.addressList()) {
      const IPAddress& ip = address.get<0>();
      if (ip.isLinkLocal() || ip.isMulticast()) continue;
      (ip.family() == IPAddress::IPv4 ? v4 : v6).push_back(ip.toString());
    }
  }
  return v4.empty() ? v6 : v4;
}

}  // namespace kes::server
