#pragma once

#include <cstdint>
#include <string>

namespace kes::load {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7373;
  std::string protocol = "h2";
  std::string certificate;
  std::string key;
  std::string group = "X25519";
  std::string mix = "generate";
  std::string keyName = "bench";
  bool createKey = false;
  unsigned connections = 4;
  unsigned streams = 16;
  double seconds = 2;
  double warmUp = 0.3;
  double rate = 0;    // requests per second; 0 = as fast as they are answered
  std::string fresh;  // "full" or "resumed": a new connection for each request
  unsigned idle = 0;  // connections to hold without a request
  int pid = 0;
  bool json = false;
};

}  // namespace kes::load
