#pragma once

#include <chrono>
#include <vector>

#include "client/endpoint.h"
#include "crypto/x509.h"

namespace kes::client {

// Whom to talk to, as whom, and how patiently.
struct Settings {
  std::vector<Endpoint> endpoints;  // tried in this order, starting at the one that answered last
  crypto::KeyPair certificate;      // offered to every server; no key = none
  bool insecure = false;            // accept any server certificate

  std::chrono::milliseconds connectTimeout{10'000};  // TCP and TLS handshake, each
  std::chrono::milliseconds answerTimeout{60'000};   // of one silence while an answer is awaited

  // A call that found no server, or one that answered 503, is tried this often in all, with `retryDelay` and
  // a random part of `retryJitter` between the rounds.
  int attempts = 3;
  std::chrono::milliseconds retryDelay{200};
  std::chrono::milliseconds retryJitter{800};
};

}  // namespace kes::client
