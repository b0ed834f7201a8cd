#pragma once

#include <string>
#include <utility>

#include "client/client.h"
#include "crypto/api_key.h"
#include "support/scripted_server.h"

namespace kes::client {

inline const std::string kApiKey = "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs";
inline const std::string kIdentity = "ea9826089311fe44d7590408ede9150f7c637b6cab0a91ee6fe1aa5d9fb366f6";

// Accepts any server and repeats without waiting.
inline Settings settingsFor(const std::string& servers) {
  Settings settings;
  settings.endpoints = parseEndpoints(servers).value();
  settings.certificate = crypto::ApiKey::parse(kApiKey)->clientCertificate().value();
  settings.insecure = true;
  settings.retryDelay = std::chrono::milliseconds(0);
  settings.retryJitter = std::chrono::milliseconds(0);
  return settings;
}

inline Client clientOf(const test::ScriptedServer& server) {
  return Client(settingsFor(server.authority()));
}

inline test::ScriptedServer::Script always(test::ScriptedServer::Answer answer) {
  return [answer = std::move(answer)](const test::ScriptedServer::Asked&) { return answer; };
}

}  // namespace kes::client
